#include "arena/fit_list.h"

size_t cellar__fit_list_check(const struct cellar__fit_state *state, uint32_t head, unsigned number,
                              unsigned (*list_of)(const struct cellar__fit_state *state, uint64_t size))
{
    size_t count = 0;
    uint32_t prev = 0;
    for (uint32_t ref = head; ref != 0;) {
        const struct cellar__segment *seg = cellar__segment_get(ref);
        if (seg->out || seg->last || seg->link[0] != prev ||
            list_of(state, cellar__segment_size(seg)) != number) {
            return SIZE_MAX;
        }
        prev = ref;
        ref = seg->link[1];
        count++;
    }
    return count;
}

size_t cellar__fit_lists_check(const struct cellar__fit_state *state,
                               unsigned (*list_of)(const struct cellar__fit_state *state, uint64_t size))
{
    size_t count = 0;
    for (unsigned list = 0; list < CELLAR_FIT_NLISTS; list++) {
        size_t here = cellar__fit_list_check(state, state->lists[list], list, list_of);
        if (here == SIZE_MAX || (here != 0) != ((state->nonempty >> list & 1) != 0)) {
            return SIZE_MAX;
        }
        count += here;
    }
    return count;
}

unsigned cellar__fit_list_only(const struct cellar__fit_state *state, uint64_t size)
{
    (void)state;
    return size == 0 || size > INT64_MAX; /* a base behind its successor's makes a size that wraps */
}
