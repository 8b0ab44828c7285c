/*
 * A list of free segments, linked by refs: what the policies without a tree have one or many of. Private to the arena level.
 * link[0] is the one before, link[1] the one behind; the youngest is the head.
 */
#ifndef CELLAR_ARENA_FIT_LIST_H
#define CELLAR_ARENA_FIT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "arena/fit.h"

CELLAR_INLINE void cellar__fit_list_push(uint32_t *head, struct cellar__segment *seg)
{
    uint32_t ref = cellar__meta_ref(seg);
    seg->link[0] = 0;
    seg->link[1] = *head;
    if (*head != 0) {
        cellar__segment_get(*head)->link[0] = ref;
    }
    *head = ref;
}

/* Takes the segment out. True when the list is empty now. */
CELLAR_INLINE bool cellar__fit_list_remove(uint32_t *head, struct cellar__segment *seg)
{
    uint32_t prev = seg->link[0];
    uint32_t next = seg->link[1];
    if (next != 0) {
        cellar__segment_get(next)->link[0] = prev;
    }
    if (prev != 0) {
        cellar__segment_get(prev)->link[1] = next;
        return false;
    }
    *head = next;
    return next == 0;
}

/* The first of up to `tries` segments, from the head on, that is long enough; or NULL. */
CELLAR_INLINE struct cellar__segment *cellar__fit_list_search(uint32_t head, uint64_t size, size_t tries)
{
    for (uint32_t ref = head; ref != 0 && tries > 0; tries--) {
        struct cellar__segment *seg = cellar__segment_get(ref);
        if (cellar__segment_size(seg) >= size) {
            return seg;
        }
        ref = seg->link[1];
    }
    return NULL;
}

/* Segments of list `number`, which list_of tells from a size; SIZE_MAX when one does not belong or a link is broken. */
size_t cellar__fit_list_check(const struct cellar__fit_state *state, uint32_t head, unsigned number,
                              unsigned (*list_of)(const struct cellar__fit_state *state, uint64_t size));

/* All of state's lists, whose bitmap must be right. */
size_t cellar__fit_lists_check(const struct cellar__fit_state *state,
                               unsigned (*list_of)(const struct cellar__fit_state *state, uint64_t size));

/* list_of of a policy with one list, of which only an empty segment is no member. */
unsigned cellar__fit_list_only(const struct cellar__fit_state *state, uint64_t size);

#endif
