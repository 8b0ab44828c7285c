/*
 * The two orders in which trees keep free segments. Private to the arena level.
 *
 *   by size     then by address: for best fit and worst fit
 *   by address  each node knows the largest size in its subtree, so a search never enters one in vain: for first fit and
 *               next fit; segments are struct cellar__segment_ranked
 */
#ifndef CELLAR_ARENA_FIT_ORDER_H
#define CELLAR_ARENA_FIT_ORDER_H

#include "arena/fit_tree.h"

/* insert, remove and check of a policy whose tree is state->root. */
void cellar__fit_by_size_insert(struct cellar__fit_state *state, struct cellar__segment *seg);
void cellar__fit_by_size_remove(struct cellar__fit_state *state, struct cellar__segment *seg);
size_t cellar__fit_by_size_check(const struct cellar__fit_state *state);
void cellar__fit_by_address_insert(struct cellar__fit_state *state, struct cellar__segment *seg);
void cellar__fit_by_address_remove(struct cellar__fit_state *state, struct cellar__segment *seg);
size_t cellar__fit_by_address_check(const struct cellar__fit_state *state);

/* In a tree by address: the lowest segment of at least size whose base is at least `from`, or NULL. */
struct cellar__segment *cellar__fit_find_from(uint32_t root, uint64_t from, uint64_t size);

#endif
