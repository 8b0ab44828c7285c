/*
 * Trees by size, one for each list of segregated fit: what best fit and worst fit keep their segments in. All segments of
 * a bin are shorter than all of the next, so the trees together have one order, by size and then by address; each is
 * small, and that of a size below 64 quanta has one size only. Private to the arena level.
 *
 * Each tree is a treap, as in fit_address.h, without knowledge of subtrees, so insert and remove are loops.
 * Complexity: O(1) for the bin, expected O(log n) in the segments of one bin.
 */
#ifndef CELLAR_ARENA_FIT_BINS_H
#define CELLAR_ARENA_FIT_BINS_H

#include "arena/fit_segregated.h"

void cellar__fit_bins_insert(struct cellar__fit_state *state, struct cellar__segment *seg);
void cellar__fit_bins_remove(struct cellar__fit_state *state, struct cellar__segment *seg);
size_t cellar__fit_bins_check(const struct cellar__fit_state *state);

/* In the tree below ref: the first segment of at least size in the order, or NULL. */
struct cellar__segment *cellar__fit_bins_first_in(uint32_t ref, uint64_t size);

/* The root of the lowest bin above the place that is not empty, or of the highest of all; 0 when there is none. */
uint32_t cellar__fit_bins_above(const struct cellar__fit_table *table, struct segregated_place place);
uint32_t cellar__fit_bins_highest(const struct cellar__fit_table *table);

#endif
