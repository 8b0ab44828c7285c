/*
 * Worst fit: the largest free segment, and of several such the one at the highest address; so what is left of it stays
 * useful. Trees by size in the bins of segregated fit: it is the last of the highest bin.
 * Source: Knuth, volume 1, section 2.5, exercise 7, and Shore, "On the External Storage Fragmentation Produced by
 * First-Fit and Best-Fit" (CACM 1975), which it loses to in general.
 * Complexity: insert, remove and find expected O(log n) in the number of free segments.
 */
#include "arena/fit_bins.h"

static struct cellar__segment *fit_worst_find(struct cellar__fit_state *state, uint64_t size)
{
    struct cellar__segment *largest = NULL;
    for (uint32_t ref = cellar__fit_bins_highest(state->table); ref != 0; ref = largest->link[1]) {
        largest = cellar__segment_get(ref);
    }
    return largest != NULL && cellar__segment_size(largest) >= size ? largest : NULL;
}

const struct cellar__fit cellar__fit_worst = {
    .name = "worst",
    .seg_size = sizeof(struct cellar__segment),
    .table_size = sizeof(struct cellar__fit_table),
    .is_exact = true,
    .init = cellar__segregated_init,
    .fini = cellar__segregated_fini,
    .insert = cellar__fit_bins_insert,
    .remove = cellar__fit_bins_remove,
    .find = fit_worst_find,
    .check = cellar__fit_bins_check,
};
