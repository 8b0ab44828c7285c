/*
 * meta: storage for everything that Cellar knows about user memory.
 *
 * One reserved region of its own, far from user data, with a page without access at each end and no access above
 * the commit mark: an overflow in the program cannot reach a descriptor. Blocks come from the free list of their exact size,
 * from a stretch, or from a bump pointer. They are never unmapped, so what a stale pointer points to can be read: the
 * depots' lock-free stacks rely on that.
 *
 *   purge:  | block | free | free | free | block |   -->   | block | stretch, its whole pages purged | block |
 *
 * Because the region is one, a block is also named by a ref of 31 bits (its distance from the region in units of 8
 * bytes, so up to 16 GiB), which halves the links of segments and makes room for tags beside a pointer.
 *
 * Invariants:
 *   M1  blocks are aligned to 64 bytes, zeroed when handed out, and disjoint.
 *   M2  ref 0 is no block.
 *   M3  meta calls nothing above submap; its lock has the last rank, so any level may allocate here.
 *   M4  free memory is in one place: the list of its size, a stretch, or the hands of a purge.
 *
 * Locks: cellar__meta_lock, under which no system call is made; cellar__meta_purge_lock before it, held by a purge, so that
 * fork finds nothing in its hands.
 *
 * Out of memory: NULL. Complexity: O(1), plus zeroing; after a purge a look at the stretches that are too short. A purge sorts
 * what is free: O(n log n).
 */
#ifndef CELLAR_META_META_H
#define CELLAR_META_META_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "os/lock.h"

extern struct cellar__lock cellar__meta_lock;
extern struct cellar__lock cellar__meta_purge_lock;

/* First usable byte of the region less one unit, so that ref 0 names nothing. Written once by init. */
extern CELLAR_HIDDEN char *cellar__meta_base;

/* Reserves the region, unless that was done. 0 or -ENOMEM. Any thread. */
int cellar__meta_init(void);

/* A zeroed block of at least size bytes, or NULL. */
void *cellar__meta_alloc(size_t size);

/*
 * Gives a block back; size as it was asked for. One whose size is a multiple of 64 bytes, at most 4 KiB, may go back in pieces
 * of such multiples. NULL is ignored.
 */
void cellar__meta_free(void *block, size_t size);

/*
 * Gives whole pages of what is free to the kernel, when it is some hundred KiB. Returns the bytes. For threads that run when
 * the program is idle, or asked for it; with signals blocked.
 */
size_t cellar__meta_purge(void);

CELLAR_INLINE uint32_t cellar__meta_ref(const void *block)
{
    return block == NULL ? 0 : (uint32_t)(((uintptr_t)block - (uintptr_t)cellar__meta_base) >> 3);
}

/* The block that a ref other than 0 names. */
CELLAR_INLINE void *cellar__meta_ptr(uint32_t ref)
{
    return cellar__meta_base + ((size_t)ref << 3);
}

struct cellar__meta_usage {
    size_t reserved; /* bytes of the region */
    size_t used;     /* bytes in blocks that are out */
    size_t touched;  /* bytes that were out once, less those of stretches: in pages of memory */
};

void cellar__meta_usage(struct cellar__meta_usage *ret_usage);

#endif
