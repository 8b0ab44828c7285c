#include "arena/arena.h"

#include <errno.h>

#include "arena/arena_int.h"
#include "base/assert.h"
#include "base/bits.h"

int cellar__arena_init(struct cellar__arena *arena, const struct cellar__arena_attr *attr)
{
    CELLAR_ASSERT(cellar__is_pow2(attr->quantum));
    *arena = (struct cellar__arena){.attr = *attr, .fit.quantum = attr->quantum};
    cellar__lock_init(&arena->lock, CELLAR_RANK_ARENA);
    if (attr->fit->init != NULL && attr->fit->init(&arena->fit) != 0) {
        return -ENOMEM;
    }
    if (cellar__arena_lock(arena) != 0) {
        cellar__arena_fini(arena);
        return -ENOMEM;
    }
    arena->head = cellar__arena_take_tag(arena);
    arena->head->last = 1;
    arena->head->prev = cellar__meta_ref(arena->head) & INT32_MAX;
    arena->head->next = arena->head->prev;
    cellar__lock_release(&arena->lock);
    return 0;
}

void cellar__arena_link_after(struct cellar__segment *where, struct cellar__segment *seg)
{
    uint32_t ref = cellar__meta_ref(seg) & INT32_MAX; /* meta's region keeps refs inside 31 bits */
    seg->next = where->next;
    seg->prev = cellar__meta_ref(where) & INT32_MAX;
    cellar__segment_next(where)->prev = ref;
    where->next = ref;
}

void cellar__arena_unlink(struct cellar__segment *seg)
{
    cellar__segment_prev(seg)->next = seg->next;
    cellar__segment_next(seg)->prev = seg->prev;
}

void cellar__arena_insert_free(struct cellar__arena *arena, struct cellar__segment *seg)
{
    seg->out = 0;
    arena->nfree++;
    arena->attr.fit->insert(&arena->fit, seg);
}

void cellar__arena_remove_free(struct cellar__arena *arena, struct cellar__segment *seg)
{
    CELLAR_ASSERT(!seg->out && !seg->last);
    arena->nfree--;
    arena->attr.fit->remove(&arena->fit, seg);
}

/* Cuts [base, ...) off the end of seg, which is in neither hash nor fit, and returns the new segment. */
static struct cellar__segment *arena_cut(struct cellar__arena *arena, struct cellar__segment *seg,
                                         uint64_t base)
{
    struct cellar__segment *rest = cellar__arena_take_tag(arena);
    rest->base = base;
    cellar__arena_link_after(seg, rest);
    return rest;
}

/* Takes [base, base + size) out of the free segment; what is left of it on both sides stays free. */
static void arena_carve(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t base,
                        uint64_t size)
{
    struct cellar__segment *range = seg;
    uint64_t end = seg->base + cellar__segment_size(seg);
    cellar__arena_remove_free(arena, seg);
    if (base != seg->base) {
        range = arena_cut(arena, seg, base);
        cellar__arena_insert_free(arena, seg);
    }
    if (base + size != end) {
        cellar__arena_insert_free(arena, arena_cut(arena, range, base + size));
    }
    range->out = 1;
    cellar__arena_hash_insert(&arena->hash, range);
    arena->allocated += size;
}

/* Imports a span and takes the range out of it before anybody else can, so that no import stays unused. */
static int arena_import(struct cellar__arena *arena, uint64_t size, uint64_t align, uint64_t enough,
                        uint64_t *ret_base)
{
    uint64_t base;
    uint64_t span_size;
    if (arena->attr.import_span == NULL ||
        arena->attr.import_span(arena->attr.source, enough, &base, &span_size) != 0) {
        return -ENOMEM;
    }
    CELLAR_ASSERT(span_size >= enough && base % arena->attr.quantum == 0 &&
                  span_size % arena->attr.quantum == 0);
    if (cellar__arena_lock(arena) != 0) {
        if (arena->attr.release_span != NULL) {
            arena->attr.release_span(arena->attr.source, base, span_size);
        }
        return -ENOMEM;
    }
    struct cellar__segment *seg = cellar__arena_insert_span(arena, base, span_size, true);
    *ret_base = cellar__round_up(base, align);
    arena_carve(arena, seg, *ret_base, size);
    cellar__lock_release(&arena->lock);
    return 0;
}

int cellar__arena_alloc(struct cellar__arena *arena, uint64_t size, uint64_t align, uint64_t *ret_base)
{
    uint64_t slack = align > arena->attr.quantum ? align - arena->attr.quantum : 0;
    uint64_t enough; /* any segment of this size holds an aligned range */
    if (size == 0 || !cellar__is_pow2(align)) {
        return -EINVAL;
    }
    if (!cellar__round_up_try(size, arena->attr.quantum, &size) ||
        __builtin_add_overflow(size, slack, &enough)) {
        return -ENOMEM;
    }
    if (cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    struct cellar__segment *seg = arena->attr.fit->find(&arena->fit, enough);
    if (seg != NULL) {
        *ret_base = cellar__round_up(seg->base, align);
        arena_carve(arena, seg, *ret_base, size);
    }
    cellar__lock_release(&arena->lock);
    return seg != NULL ? 0 : arena_import(arena, size, align, enough, ret_base);
}

/* Joins seg with its free neighbours. seg is in neither hash nor fit; so is the result. */
static struct cellar__segment *arena_coalesce(struct cellar__arena *arena, struct cellar__segment *seg)
{
    struct cellar__segment *next = cellar__segment_next(seg);
    struct cellar__segment *prev = cellar__segment_prev(seg);
    if (!next->last && !next->out) {
        cellar__arena_remove_free(arena, next);
        cellar__arena_unlink(next);
        cellar__arena_drop_tag(arena, next);
    }
    if (!prev->last && !prev->out) {
        cellar__arena_remove_free(arena, prev);
        cellar__arena_unlink(seg);
        cellar__arena_drop_tag(arena, seg);
        seg = prev;
    }
    return seg;
}

/* The segment with that base and size that is out, or NULL. */
static struct cellar__segment *arena_find_out(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    struct cellar__segment *seg = cellar__arena_hash_find(&arena->hash, base);
    return seg != NULL && cellar__segment_size(seg) == size ? seg : NULL;
}

int cellar__arena_free(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    bool release = false;
    if (!cellar__round_up_try(size, arena->attr.quantum, &size)) {
        return -EINVAL;
    }
    cellar__lock_acquire(&arena->lock);
    struct cellar__segment *seg = arena_find_out(arena, base, size);
    if (seg == NULL) {
        cellar__lock_release(&arena->lock);
        return -EINVAL;
    }
    cellar__arena_hash_remove(&arena->hash, base);
    arena->allocated -= size;
    seg = arena_coalesce(arena, seg);
    base = seg->base;
    size = cellar__segment_size(seg);
    cellar__arena_insert_free(arena, seg);
    if (arena->attr.release_span != NULL && cellar__arena_is_whole_import(seg)) {
        cellar__arena_remove_span(arena, seg);
        release = true;
    }
    cellar__lock_release(&arena->lock);
    if (release) {
        arena->attr.release_span(arena->attr.source, base, size);
    }
    return 0;
}

/* The free space behind a range moves to begin at `end`; it vanishes when nothing is left of it. */
static void arena_move_border(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t end)
{
    struct cellar__segment *next = cellar__segment_next(seg);
    bool next_is_free = !next->last && !next->out;
    if (next_is_free) {
        uint64_t next_end = next->base + cellar__segment_size(next);
        cellar__arena_remove_free(arena, next);
        if (end == next_end) {
            cellar__arena_unlink(next);
            cellar__arena_drop_tag(arena, next);
            return;
        }
        next->base = end;
    } else {
        next = arena_cut(arena, seg, end);
    }
    cellar__arena_insert_free(arena, next);
}

static int arena_resize_locked(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t size,
                               uint64_t new_size)
{
    struct cellar__segment *next = cellar__segment_next(seg);
    uint64_t room = !next->last && !next->out ? cellar__segment_size(next) : 0;
    if (new_size > size && new_size - size > room) {
        return -ENOMEM;
    }
    if (new_size != size) {
        arena_move_border(arena, seg, seg->base + new_size);
        arena->allocated += new_size - size;
    }
    return 0;
}

int cellar__arena_resize(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t new_size)
{
    uint64_t quantum = arena->attr.quantum;
    if (new_size == 0 || !cellar__round_up_try(size, quantum, &size) ||
        !cellar__round_up_try(new_size, quantum, &new_size)) {
        return -EINVAL;
    }
    if (cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    struct cellar__segment *seg = arena_find_out(arena, base, size);
    int status = seg == NULL ? -EINVAL : arena_resize_locked(arena, seg, size, new_size);
    cellar__lock_release(&arena->lock);
    return status;
}

int cellar__arena_split(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t first)
{
    if (first == 0 || first >= size || first % arena->attr.quantum != 0 || size % arena->attr.quantum != 0) {
        return -EINVAL;
    }
    if (cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    struct cellar__segment *seg = arena_find_out(arena, base, size);
    if (seg != NULL) {
        struct cellar__segment *rest = arena_cut(arena, seg, base + first);
        rest->out = 1;
        cellar__arena_hash_insert(&arena->hash, rest);
    }
    cellar__lock_release(&arena->lock);
    return seg == NULL ? -EINVAL : 0;
}
