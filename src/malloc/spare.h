/*
 * spare: memory that waits in caches serves other size classes before clean memory does.
 *
 *   a run is wanted, and no dirty one serves
 *     1  a run of the smallest larger class of which the depot, or else the thread's previous bucket, has one;
 *        or what depots hold of runs beyond their bound
 *     2  items of the fullest depots, after the thread's previous buckets went there  --\
 *     3  the rest of the calling thread's larger items  ----------------------------------+--> free slabs --> dirty runs
 *     4  clean memory, for which huge mappings that wait are unmapped in time
 *
 * When 1 to 3 have found too little, they are left out until the heap has grown by a part in 128: a heap that grows steadily
 * would look, and let go of what it needs next, at each run.
 *
 * Blocks that pass from class to class, as texts that grow, leave some of their size wherever they were. What is let go
 * here costs a refill when it is wanted again, and less than the first touch of a clean run's pages (ADR 0026).
 *
 * Locks: none is held; those of depots, kegs and dirty runs are taken one after the other.
 */
#ifndef CELLAR_MALLOC_SPARE_H
#define CELLAR_MALLOC_SPARE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Before a run of so many granules takes clean memory; or, as the last resort, when there is none: then without a pause. With
 * signals blocked.
 */
void cellar__spare(size_t ngranules, bool is_last);

/*
 * The heap is at a new peak: what wide depots hold beyond their bound goes, after the thread's previous buckets went there, the
 * largest items first, until so many bytes more are dirty. SIZE_MAX: there is no memory, and all of it goes, as do the previous
 * buckets of all threads. With signals blocked.
 */
void cellar__spare_bytes(size_t bytes);

#endif
