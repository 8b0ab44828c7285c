/*
 * dirty: runs that came back and still hold memory.
 *
 * A request is cut from the lowest run that is long enough: first fit by address, so that low memory serves again and again,
 * and what lies high grows together and ages (ADR 0038; Wilson, Johnstone, Neely and Boles, "Dynamic Storage Allocation: A
 * Survey and Critical Review", 1995). A run that comes back becomes one with those beside it, so that what small
 * runs leave serves large ones, and all of it begins to wait anew. A large block grows into the run behind it.
 *
 * The oldest are purged when they have waited longer than `decay_ms`, or when they make the heap larger by more than a
 * quarter than what the program lately used at its peak. So a program whose use swings pays no faults at each swing, and
 * its peak is higher by a quarter at most.
 *
 * What waits with the levels above (zone/exchange.h) is as idle: it counts with what is dirty in how much may wait, and leaves
 * less room for it.
 *
 *         |------------- peak lately -------------|- 1/4 -|
 *   heap  |######## used ########|~~~~~~~~ dirty ~~~~~~~~~|
 *
 * Invariants:
 *   D1  every dirty run is out in the heap arena, as one range, and in no page map entry.
 *   D2  it is in the tree of all by address, whose nodes know the longest below them, and on the list of all in order of age.
 *   D3  `bytes` is the sum of the sizes.
 *   D4  once an operation is over, `bytes` is at most DIRTY_FLOOR, or such that the heap is at most 5/4 of the peak of
 *       what was in use, now and in the last two intervals of decay_ms (but for runs whose purge was refused).
 *
 * Locks: cellar__dirty_lock (CELLAR_RANK_DIRTY), and under it that of the heap arena, to cut and to merge ranges without a
 * tag from meta. Purging happens with no lock held.
 * Complexity: O(log n) in the number of dirty runs.
 */
#ifndef CELLAR_ARENA_DIRTY_H
#define CELLAR_ARENA_DIRTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "os/lock.h"

/* Longer runs that come back are purged at once: their reuse saves little beside the cost of filling them. */
#define CELLAR_DIRTY_MAX_GRANULES 17

extern struct cellar__lock cellar__dirty_lock;

void cellar__dirty_init(void);
void cellar__dirty_set_decay_ms(uint64_t decay_ms);

/*
 * Has `spill` called where more should go back than is dirty: so many bytes of what waits elsewhere become dirty, if there
 * are so many; all for SIZE_MAX. With signals blocked and no lock held. Once, at start.
 */
void cellar__dirty_set_spill(void (*spill)(size_t bytes));

/* A dirty run of exactly ngranules, or NULL. */
char *cellar__dirty_take(size_t ngranules);

/* Whether a run of so many granules would be found now. */
bool cellar__dirty_serves(size_t ngranules);

/* Takes exactly ngranules that begin at base. False when they are not dirty, or part of them is not. */
bool cellar__dirty_take_at(const char *base, size_t ngranules);

/* Stores a run, or purges it when it is long or its descriptor cannot be had. Then purges what is overdue. */
void cellar__dirty_give(char *base, size_t ngranules);

/* Purges what has waited too long or is too much. Cheap when nothing is. */
void cellar__dirty_tick(void);

/*
 * Clean memory has been taken. By what the heap is larger than in the last two intervals of decay, of what waits and did not
 * serve as much goes back, the oldest first: the peak does not grow while a part of it waits. What goes so in an interval is no
 * more than the heap had at most, so who needs it again pays for twice the pages at worst.
 */
void cellar__dirty_give_way(void);

/* Purges everything, what waits elsewhere as well: there is no memory. Returns the number of bytes that went back. */
size_t cellar__dirty_purge_last(void);

/* Purges everything. Returns the number of bytes that went back. */
size_t cellar__dirty_purge_all(void);

size_t cellar__dirty_bytes(void);

/* Bytes of the runs that are out and wait with the levels above; atomic. */
extern size_t cellar__dirty_waiting;

/* So many bytes more, or fewer, wait there. */
CELLAR_INLINE void cellar__dirty_count_waiting(size_t more)
{
    __atomic_add_fetch(&cellar__dirty_waiting, more, __ATOMIC_RELAXED);
}

/* Whether somebody looks after what waits there, so that it goes when nobody wants it. At first nobody does. */
void cellar__dirty_set_swept(bool is_swept);

/* Whether more waits than may. Nothing may when nobody looks after it, or when decay_ms is 0. */
bool cellar__dirty_is_full(void);

#endif
