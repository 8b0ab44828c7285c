/*
 * First fit by age, the youngest first: the segment that became free last and serves. One list, searched from its head;
 * what was just freed is warm in the caches of the machine.
 * Source: Wilson, Johnstone, Neely and Boles, "Dynamic Storage Allocation: A Survey" (IWMM 1995), section 3.4.
 * Complexity: insert and remove O(1); find O(n) in the number of free segments.
 */
#include "arena/fit_list.h"

static void fit_lifo_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    cellar__fit_list_push(&state->lists[0], seg);
}

static void fit_lifo_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    cellar__fit_list_remove(&state->lists[0], seg);
}

static struct cellar__segment *fit_lifo_find(struct cellar__fit_state *state, uint64_t size)
{
    return cellar__fit_list_search(state->lists[0], size, SIZE_MAX);
}

static size_t fit_lifo_check(const struct cellar__fit_state *state)
{
    return cellar__fit_list_check(state, state->lists[0], 0, cellar__fit_list_only);
}

const struct cellar__fit cellar__fit_lifo = {
    .name = "lifo",
    .seg_size = sizeof(struct cellar__segment),
    .is_exact = true,
    .insert = fit_lifo_insert,
    .remove = fit_lifo_remove,
    .find = fit_lifo_find,
    .check = fit_lifo_check,
};
