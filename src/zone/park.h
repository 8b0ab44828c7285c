/*
 * park: records of threads that have ended, with all that their caches hold, for the next threads.
 *
 *   thread that ends -- put --> [ record | - | record | - ] -- take --> thread that starts
 *
 * A program that makes a thread for each task would else empty the caches into the depots at each end, a bucket at a
 * time, and fill them from there at each start, and all CPUs write the depots' lines. What is parked is bounded by the
 * number of places, one a CPU: so many threads can end at once. Who finds none free empties the record.
 *
 * Invariants:
 *   P1  a record is in one place at most, and what is in a place is whole: its owner has ended.
 *   P2  who takes a record out has it alone.
 *
 * Locks: none; a place is one pointer, exchanged. Complexity: O(places).
 * Source: the orphaned heaps of rpmalloc, to be had again by any thread.
 */
#ifndef CELLAR_ZONE_PARK_H
#define CELLAR_ZONE_PARK_H

#include <stdbool.h>

struct cellar__thread;

#define CELLAR_PARK_NPLACES 8 /* of which there is one a CPU in use */

/* False, with the record still the caller's, when all places are taken. */
bool cellar__park_put(struct cellar__thread *thread);

/* The record of the place that is looked at first, or NULL. */
struct cellar__thread *cellar__park_take(void);

/* Takes what is in a place, below CELLAR_PARK_NPLACES, or NULL. */
struct cellar__thread *cellar__park_take_at(unsigned place);

/* Whether the record is in a place. Of use only while nobody else can take it. */
bool cellar__park_has(const struct cellar__thread *thread);

#endif
