#include "arena/fit_bins.h"

#include "base/assert.h"
#include "base/hash.h"

static uint64_t bins_priority(uint32_t ref)
{
    return cellar__hash_mix(ref);
}

/* The order: by size, then by address. */
static bool bins_less(const struct cellar__segment *a, uint64_t size, uint64_t base)
{
    uint64_t a_size = cellar__segment_size(a);
    return a_size != size ? a_size < size : a->base < base;
}

static uint32_t *bins_root(const struct cellar__fit_state *state, struct segregated_place place)
{
    return &state->table->heads[place.level][place.list];
}

/* Splits the subtree at a segment's place in the order: the first half hangs at *low, the other at *high. */
static void bins_split(uint32_t ref, uint64_t size, uint64_t base, uint32_t *low, uint32_t *high)
{
    while (ref != 0) {
        struct cellar__segment *seg = cellar__segment_get(ref);
        if (bins_less(seg, size, base)) {
            *low = ref;
            low = &seg->link[1];
            ref = *low;
        } else {
            *high = ref;
            high = &seg->link[0];
            ref = *high;
        }
    }
    *low = 0;
    *high = 0;
}

void cellar__fit_bins_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    uint64_t size = cellar__segment_size(seg);
    struct segregated_place place = cellar__segregated_place(size >> state->lg_quantum);
    uint32_t ref = cellar__meta_ref(seg);
    uint64_t priority = bins_priority(ref);
    uint32_t *at = bins_root(state, place);
    cellar__segregated_mark(state->table, place);
    while (*at != 0 && bins_priority(*at) >= priority) {
        struct cellar__segment *top = cellar__segment_get(*at);
        at = &top->link[bins_less(top, size, seg->base)];
    }
    uint32_t below = *at;
    *at = ref;
    bins_split(below, size, seg->base, &seg->link[0], &seg->link[1]);
}

/* Hangs the two subtrees, low before high, at *at. */
static void bins_merge(uint32_t *at, uint32_t low, uint32_t high)
{
    while (low != 0 && high != 0) {
        bool low_on_top = bins_priority(low) > bins_priority(high);
        struct cellar__segment *top = cellar__segment_get(low_on_top ? low : high);
        *at = low_on_top ? low : high;
        at = &top->link[low_on_top];
        *(low_on_top ? &low : &high) = *at;
    }
    *at = low != 0 ? low : high;
}

void cellar__fit_bins_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    uint64_t size = cellar__segment_size(seg);
    struct segregated_place place = cellar__segregated_place(size >> state->lg_quantum);
    uint32_t ref = cellar__meta_ref(seg);
    uint32_t *root = bins_root(state, place);
    uint32_t *at = root;
    while (*at != ref) {
        CELLAR_ASSERT(*at != 0);
        struct cellar__segment *top = cellar__segment_get(*at);
        at = &top->link[bins_less(top, size, seg->base)];
    }
    bins_merge(at, seg->link[0], seg->link[1]);
    if (*root == 0) {
        cellar__segregated_unmark(state->table, place);
    }
}

struct cellar__segment *cellar__fit_bins_first_in(uint32_t ref, uint64_t size)
{
    struct cellar__segment *first = NULL;
    while (ref != 0) {
        struct cellar__segment *seg = cellar__segment_get(ref);
        bool serves = cellar__segment_size(seg) >= size;
        first = serves ? seg : first;
        ref = seg->link[!serves];
    }
    return first;
}

uint32_t cellar__fit_bins_above(const struct cellar__fit_table *table, struct segregated_place place)
{
    uint32_t lists = place.list == SEGREGATED_NLISTS - 1
                         ? 0
                         : table->nonempty_lists[place.level] >> (place.list + 1) << (place.list + 1);
    return cellar__segregated_lowest(table, place.level, lists);
}

uint32_t cellar__fit_bins_highest(const struct cellar__fit_table *table)
{
    if (table->nonempty == 0) {
        return 0;
    }
    unsigned level = cellar__lg_floor(table->nonempty);
    return table->heads[level][cellar__lg_floor(table->nonempty_lists[level])];
}

/* The segments of a subtree, all of which belong to the bin; SIZE_MAX when one is out of order or not free. */
static size_t bins_check_tree(const struct cellar__fit_state *state, uint32_t ref,
                              struct segregated_place place)
{
    if (ref == 0) {
        return 0;
    }
    const struct cellar__segment *seg = cellar__segment_get(ref);
    uint64_t size = cellar__segment_size(seg);
    struct segregated_place own = cellar__segregated_place(size >> state->lg_quantum);
    bool sound = cellar__segment_is_free(seg) && own.level == place.level && own.list == place.list;
    for (unsigned side = 0; sound && side < 2; side++) {
        uint32_t child = seg->link[side];
        if (child != 0) {
            bool child_less = bins_less(cellar__segment_get(child), size, seg->base);
            sound = child_less == (side == 0) && bins_priority(ref) >= bins_priority(child);
        }
    }
    size_t left = sound ? bins_check_tree(state, seg->link[0], place) : SIZE_MAX;
    size_t right = sound ? bins_check_tree(state, seg->link[1], place) : SIZE_MAX;
    return left == SIZE_MAX || right == SIZE_MAX ? SIZE_MAX : left + right + 1;
}

size_t cellar__fit_bins_check(const struct cellar__fit_state *state)
{
    const struct cellar__fit_table *table = state->table;
    size_t count = 0;
    for (unsigned level = 0; level < SEGREGATED_NLEVELS; level++) {
        if ((table->nonempty_lists[level] != 0) != ((table->nonempty >> level & 1) != 0)) {
            return SIZE_MAX;
        }
        for (unsigned list = 0; list < SEGREGATED_NLISTS; list++) {
            struct segregated_place place = {level, list};
            size_t here = bins_check_tree(state, table->heads[level][list], place);
            if (here == SIZE_MAX || (here != 0) != ((table->nonempty_lists[level] >> list & 1) != 0)) {
                return SIZE_MAX;
            }
            count += here;
        }
    }
    return count;
}
