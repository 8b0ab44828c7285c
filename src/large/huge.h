/*
 * huge: blocks above 1 MiB, each a mapping of its own.
 *
 * Live mappings are in a tree by address. The few that were allocated last lie at the front as well (large/front.h), where
 * one that is freed waits for the next request of about its size, without a lock. Other freed mappings go into a small
 * cache, from which a request is served without the kernel. The oldest are unmapped when they have waited longer than
 * decay_ms or when both together hold more than the bounds of the cache. realloc moves pages (mremap), not bytes.
 *
 * Invariants:
 *   H1  live mappings are disjoint, multiples of the page size, and in the tree; cached ones are in the cache only,
 *       those at the front in the tree.
 *   H2  cached_bytes is the sum of the sizes of what is cached or waits at the front, and at most HUGE_CACHE_BYTES once
 *       an operation is over (but F2, large/front.h).
 *   H3  a mapping with is_zero reads as zero.
 *
 * Locks: cellar__huge_lock (CELLAR_RANK_HUGE); no system call under it, no signal while it is held.
 * Out of memory: alloc and resize fail with the block as it was; a mapping that cannot be unmapped stays cached.
 */
#ifndef CELLAR_LARGE_HUGE_H
#define CELLAR_LARGE_HUGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/lock.h"

extern struct cellar__lock cellar__huge_lock;

void cellar__huge_set_decay_ms(uint64_t decay_ms);
/* Whether new mappings ask for transparent huge pages. */
void cellar__huge_set_thp(bool wanted);

/* A block of at least size bytes at a multiple of align; zeroed when asked. NULL when memory is out. */
void *cellar__huge_alloc(size_t size, size_t align, bool zero);

/* The same by the way without a lock; NULL when no mapping waits at the front that serves. Before the heap's start, too. */
void *cellar__huge_reuse(size_t size);

/* The usable size of a block that is asked for with that size; the size itself when it is too large. */
size_t cellar__huge_good_size(size_t size);

/* False when the address is not the begin of a live huge block. */
bool cellar__huge_free(void *block);

/* The usable size of the block that begins at this address, or 0. */
size_t cellar__huge_size(const void *block);

/* Grows or shrinks, moving pages if need be. The block's address, or NULL with the block as it was. */
void *cellar__huge_resize(void *block, size_t size);

/* The block that the address lies in: its begin and usable size. False when there is none. */
bool cellar__huge_find(const void *addr, void **ret_block, size_t *ret_size);

/* Whether the address lies in a mapping of Cellar's: in a live block, or in one that waits in the cache. */
bool cellar__huge_contains(const void *addr);

/* Unmaps what has waited too long. Cheap when nothing has. */
void cellar__huge_tick(void);

/* Whether any mapping waits for reuse. */
bool cellar__huge_waits(void);

/* The bytes of those that wait. */
size_t cellar__huge_waiting_bytes(void);

/* Unmaps every cached mapping. Returns the bytes. */
size_t cellar__huge_purge_all(void);

struct cellar__huge_usage {
    uint64_t nrequests;
    size_t nlive;
    size_t live_bytes;
    size_t ncached;
    size_t cached_bytes;
};

void cellar__huge_usage(struct cellar__huge_usage *ret_usage);

#endif
