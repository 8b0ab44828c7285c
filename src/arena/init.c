/* How an arena begins and ends. */
#include <errno.h>

#include "arena/arena_int.h"
#include "base/bits.h"

int cellar__arena_init(struct cellar__arena *arena, const struct cellar__arena_attr *attr)
{
    CELLAR_ASSERT(cellar__is_pow2(attr->quantum));
    CELLAR_ASSERT(attr->sizing != CELLAR_SIZING_CONSTANT ||
                  (attr->unit != 0 && attr->unit % attr->quantum == 0));
    *arena = (struct cellar__arena){
        .attr = *attr,
        .is_plain = attr->sizing == CELLAR_SIZING_EXACT && !attr->fit->has_blocks,
        .has_quick = attr->fit->has_quick && attr->sizing == CELLAR_SIZING_EXACT &&
                     !attr->is_bounded, /* to coalesce all is O(n) */
        .is_segregated = attr->fit == &cellar__fit_segregated || attr->fit == &cellar__fit_quick,
        .fit.quantum = attr->quantum,
        .fit.lg_quantum = cellar__low_bit(attr->quantum),
        .none_from = UINT64_MAX,
        .min_spare = attr->fit->has_blocks ? CELLAR_ARENA_BLOCK_SPARES : CELLAR_ARENA_SPARES,
    };
    cellar__lock_init(&arena->lock, CELLAR_RANK_ARENA);
    if (attr->fit->init != NULL && attr->fit->init(&arena->fit) != 0) {
        return -ENOMEM;
    }
    if (cellar__arena_lock(arena) != 0) {
        cellar__arena_fini(arena);
        return -ENOMEM;
    }
    arena->head = cellar__arena_take_tag(arena);
    *arena->head = (struct cellar__segment){.last = 1};
    arena->head->prev = cellar__meta_ref(arena->head) & INT32_MAX;
    arena->head->next = arena->head->prev;
    cellar__arena_leave(arena);
    return 0;
}

void cellar__arena_fini(struct cellar__arena *arena)
{
    cellar__arena_free_tags(arena);
    cellar__arena_hash_fini(&arena->hash);
    if (arena->attr.fit->fini != NULL) {
        arena->attr.fit->fini(&arena->fit);
    }
    *arena = (struct cellar__arena){.attr = arena->attr};
}
