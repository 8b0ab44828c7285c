/*
 * Instant fit: segregated lists, one for each power of two of the size in quanta, and a bitmap of those that are
 * not empty. Source: vmem's VM_INSTANTFIT (Bonwick and Adams, "Magazines and Vmem", USENIX 2001).
 *
 * A segment on a list above the request's own always fits, so that step is one bit scan. A segment on the
 * request's own list may fit: the first FIT_TRIES of them are looked at before going up, which spares large
 * segments. When nothing above exists, the own list is searched to its end, because failing there would be
 * wrong; in an arena that can import, that happens once an import.
 *
 * Complexity: insert and remove O(1); find O(1) but for that last search.
 */
#include "arena/fit.h"
#include "base/assert.h"
#include "base/bits.h"

#define FIT_TRIES 8

static unsigned fit_instant_list(const struct cellar__fit_state *state, uint64_t size)
{
    return cellar__lg_floor(size / state->quantum);
}

static void fit_instant_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    unsigned list = fit_instant_list(state, cellar__segment_size(seg));
    uint32_t ref = cellar__meta_ref(seg);
    uint32_t head = state->lists[list];
    seg->link[0] = 0;
    seg->link[1] = head;
    if (head != 0) {
        cellar__segment_get(head)->link[0] = ref;
    }
    state->lists[list] = ref;
    state->nonempty |= UINT64_C(1) << list;
}

static void fit_instant_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    unsigned list = fit_instant_list(state, cellar__segment_size(seg));
    uint32_t prev = seg->link[0];
    uint32_t next = seg->link[1];
    if (next != 0) {
        cellar__segment_get(next)->link[0] = prev;
    }
    if (prev != 0) {
        cellar__segment_get(prev)->link[1] = next;
        return;
    }
    CELLAR_ASSERT(state->lists[list] == cellar__meta_ref(seg));
    state->lists[list] = next;
    if (next == 0) {
        state->nonempty &= ~(UINT64_C(1) << list);
    }
}

static struct cellar__segment *fit_instant_search(uint32_t ref, uint64_t size, size_t tries)
{
    for (; ref != 0 && tries > 0; tries--) {
        struct cellar__segment *seg = cellar__segment_get(ref);
        if (cellar__segment_size(seg) >= size) {
            return seg;
        }
        ref = seg->link[1];
    }
    return NULL;
}

static struct cellar__segment *fit_instant_find(struct cellar__fit_state *state, uint64_t size)
{
    unsigned own = fit_instant_list(state, size);
    struct cellar__segment *seg = fit_instant_search(state->lists[own], size, FIT_TRIES);
    if (seg != NULL) {
        return seg;
    }
    uint64_t above = own == 63 ? 0 : state->nonempty >> (own + 1) << (own + 1);
    if (above != 0) {
        return cellar__segment_get(state->lists[cellar__low_bit(above)]);
    }
    return fit_instant_search(state->lists[own], size, SIZE_MAX);
}

static size_t fit_instant_check(const struct cellar__fit_state *state)
{
    size_t count = 0;
    for (unsigned list = 0; list < CELLAR_FIT_NLISTS; list++) {
        uint32_t prev = 0;
        if ((state->lists[list] != 0) != ((state->nonempty >> list & 1) != 0)) {
            return SIZE_MAX;
        }
        for (uint32_t ref = state->lists[list]; ref != 0; ref = cellar__segment_get(ref)->link[1]) {
            const struct cellar__segment *seg = cellar__segment_get(ref);
            if (seg->out || seg->last || seg->link[0] != prev ||
                fit_instant_list(state, cellar__segment_size(seg)) != list) {
                return SIZE_MAX;
            }
            prev = ref;
            count++;
        }
    }
    return count;
}

const struct cellar__fit cellar__fit_instant = {
    .name = "instant",
    .seg_size = sizeof(struct cellar__segment),
    .insert = fit_instant_insert,
    .remove = fit_instant_remove,
    .find = fit_instant_find,
    .check = fit_instant_check,
};
