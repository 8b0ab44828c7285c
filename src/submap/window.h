/*
 * window: the submaps that the heap's arena draws from, all inside the cover of the page map.
 *
 * Without a limit on addresses the first window takes 1 TiB and is the only one. Under RLIMIT_AS, or where the
 * kernel refuses that much, windows are small, and a further one is reserved when all are full.
 * The cover ends where the first window ends: the kernel hands out addresses downwards, so later ones lie below.
 *
 * Invariants:
 *   W1  windows do not overlap and lie inside the cover.
 *   W2  a window's address and size are multiples of 2 MiB, so that huge pages stay possible.
 *
 * A window that is free from end to end goes back, but for the first: where addresses are limited, a mapping may need them.
 * Its slot of the table stays, with size 0, for the next window; or with all that it was, when the kernel does not take it
 * back, and serves as the next window.
 *
 * Locks: cellar__window_lock (CELLAR_RANK_SUBMAP), with signals blocked. A window of which one owns a part stays.
 */
#ifndef CELLAR_SUBMAP_WINDOW_H
#define CELLAR_SUBMAP_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "os/lock.h"
#include "submap/submap.h"

#define CELLAR_WINDOW_ALIGN ((size_t)2 << 20)
#define CELLAR_WINDOW_MAX 128

extern struct cellar__lock cellar__window_lock;

/* Reserves the first window and the page map. 0 or -ENOMEM; may be tried again after a failure. */
int cellar__window_init(void);

/* Reserves one more window of at least min_size bytes. NULL when addresses or the table are used up. */
struct cellar__submap *cellar__window_add(size_t min_size);

/* Gives back a window that was added and that nobody uses any more. */
void cellar__window_release(void *base);

/* The window that holds the address, or NULL. */
struct cellar__submap *cellar__window_find(const void *addr);

/* Slots of the table; one of size 0 holds no window. */
size_t cellar__window_count(void);
struct cellar__submap *cellar__window_get(size_t index);

#endif
