/*
 * A tree of free segments by address, in which each node knows the largest size below it, so that a search never enters a
 * subtree in vain: what first fit and next fit keep their segments in, as struct cellar__segment_ranked. Private to the
 * arena level.
 *
 * A treap (Aragon and Seidel, "Randomized Search Trees", FOCS 1989), linked by refs: link[0] is the left child, link[1]
 * the right one; priorities are hashes of refs, so they cost no memory. The tree is state->root.
 * Complexity: expected O(log n) for any order of operations.
 */
#ifndef CELLAR_ARENA_FIT_ADDRESS_H
#define CELLAR_ARENA_FIT_ADDRESS_H

#include "arena/fit.h"

void cellar__fit_address_insert(struct cellar__fit_state *state, struct cellar__segment *seg);
void cellar__fit_address_remove(struct cellar__fit_state *state, struct cellar__segment *seg);
void cellar__fit_address_resize(struct cellar__fit_state *state, struct cellar__segment *seg);
size_t cellar__fit_address_check(const struct cellar__fit_state *state);

/* The lowest segment of at least size whose base is at least `from`, or NULL. */
struct cellar__segment *cellar__fit_address_find(uint32_t root, uint64_t from, uint64_t size);

#endif
