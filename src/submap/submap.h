/*
 * submap: a window of reserved virtual addresses.
 *
 *   base                    base + committed                     base + size
 *    |  readable, writable   |  reserved only: a touch is a fault  |
 *
 * Commit goes from the bottom up by one mark, because arenas prefer low addresses: one mprotect serves many
 * runs, and the kernel keeps two mappings a submap however many runs there are. Memory goes back by purge, which
 * leaves pages committed and zero.
 *
 * Invariants:
 *   S1  committed <= size; both are multiples of the page size.
 *   S2  every byte below the mark is readable and writable for ever; the mark never falls.
 *   S3  every byte above the mark was never touched and reads as zero once committed.
 *
 * Locks: none. Two threads may commit the same range at once: mprotect is idempotent and the mark only rises.
 */
#ifndef CELLAR_SUBMAP_SUBMAP_H
#define CELLAR_SUBMAP_SUBMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cellar__submap {
    char *base;
    size_t size;      /* bytes reserved */
    size_t committed; /* bytes from base; atomic, only rises */
    const char *name; /* literal, for /proc/PID/smaps */
};

/*
 * Reserves a window of `size` bytes, halved as often as the kernel refuses but not below `min_size`, and always a
 * multiple of `align`. It is to end at `below`, if the kernel grants that wish; NULL is no wish. 0 or -ENOMEM with *ret
 * untouched.
 */
int cellar__submap_reserve(struct cellar__submap *ret, const char *name, size_t size, size_t min_size,
                           size_t align, const char *below);

/* Gives a window back that nobody uses. 0, or -ENOMEM with the window as it was. */
int cellar__submap_release(struct cellar__submap *submap);

/* Makes [base, base + end) usable. 0 or -ENOMEM. May be called by several threads at once. */
int cellar__submap_commit(struct cellar__submap *submap, size_t end);

bool cellar__submap_contains(const struct cellar__submap *submap, const void *addr);

#endif
