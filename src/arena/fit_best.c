/*
 * Best fit: the smallest free segment that serves, and of several such the one at the lowest address. Trees by size in
 * the bins of segregated fit: the request's own bin may have one; if not, the first of the next bin is it.
 * Source: Knuth, The Art of Computer Programming, volume 1, section 2.5.
 * Complexity: insert, remove and find expected O(log n) in the number of free segments.
 */
#include "arena/fit_bins.h"

static struct cellar__segment *fit_best_find(struct cellar__fit_state *state, uint64_t size)
{
    struct segregated_place own = cellar__segregated_place(size >> state->lg_quantum);
    struct cellar__segment *seg = cellar__fit_bins_first_in(state->table->heads[own.level][own.list], size);
    return seg != NULL ? seg : cellar__fit_bins_first_in(cellar__fit_bins_above(state->table, own), size);
}

const struct cellar__fit cellar__fit_best = {
    .name = "best",
    .seg_size = sizeof(struct cellar__segment),
    .table_size = sizeof(struct cellar__fit_table),
    .is_exact = true,
    .init = cellar__segregated_init,
    .fini = cellar__segregated_fini,
    .insert = cellar__fit_bins_insert,
    .remove = cellar__fit_bins_remove,
    .find = fit_best_find,
    .check = cellar__fit_bins_check,
};
