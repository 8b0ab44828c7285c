/*
 * dirty: runs that came back and still hold memory.
 *
 * A request of the same size takes the youngest, whose memory is most likely in the CPU's caches. A request of
 * another size is cut from the next larger one. The oldest are purged when they have waited longer than `decay_ms`, or
 * when they make the heap larger than it was: above an eighth of it (at least DIRTY_FLOOR), they may fill what the
 * program lately used and uses no more. So a program whose use swings pays no faults at each swing, and its peak is
 * higher by an eighth at most.
 *
 *   heap  |#### used ####|~~~~~~ dirty ~~~~~~|         the peak of use in this interval of decay and the one before
 *         |------------------ room -----------------|
 *
 * Invariants:
 *   D1  every dirty run is out in the heap arena, as one range, and in no page map entry.
 *   D2  it is on the list of its size and on the list of all, the latter in order of age.
 *   D3  `bytes` is the sum of the sizes.
 *   D4  once an operation is over, `bytes` is at most DIRTY_FLOOR, or an eighth of the heap, or such that the heap is
 *       no larger than the peak of what was not dirty (but for runs whose purge was refused, or that are being taken).
 *
 * Locks: cellar__dirty_lock (CELLAR_RANK_DIRTY). Purging happens with no lock held.
 */
#ifndef CELLAR_ARENA_DIRTY_H
#define CELLAR_ARENA_DIRTY_H

#include <stddef.h>
#include <stdint.h>

#include "os/lock.h"

/* Longer runs are purged at once: their reuse saves little beside the cost of filling them. */
#define CELLAR_DIRTY_MAX_GRANULES 16

extern struct cellar__lock cellar__dirty_lock;

void cellar__dirty_init(void);
void cellar__dirty_set_decay_ms(uint64_t decay_ms);

/* A dirty run of exactly ngranules, or NULL. */
char *cellar__dirty_take(size_t ngranules);

/* Stores a run, or purges it when it is long or its descriptor cannot be had. Then purges what is overdue. */
void cellar__dirty_give(char *base, size_t ngranules);

/* Purges what has waited too long or is too much. Cheap when nothing is. */
void cellar__dirty_tick(void);

/* Purges everything. Returns the number of bytes that went back. */
size_t cellar__dirty_purge_all(void);

size_t cellar__dirty_bytes(void);

#endif
