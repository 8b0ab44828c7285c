/*
 * keg: the geometry of one item size, and its slabs.
 *
 *   full slabs        on no list but `all`
 *   partial slabs     in one of eight trees by how full they are (in eighths), each ordered by address
 *   empty slabs       kept up to max_empty, the others are given back to the heap
 *
 * Items are taken from the fullest class of partial slabs and there from the lowest address: so the others drain, and
 * what is in use gathers at the low end of the heap.
 *
 * Invariants (cellar__keg_check):
 *   K1  a slab with 0 < nout < nitems that is not frozen is in exactly one tree, that of its eighth; no other slab is in
 *       any.
 *   K2  nout, nslabs and nempty are the sums over `all`; nempty <= max_empty once an operation is over.
 *   K4  nmarked is the number of marks in all slabs.
 *   K3  the page map leads from every granule of a slab to that slab.
 *
 * Locks: one per keg (CELLAR_RANK_KEG). Slabs are made and given back, and hooks are called, with no lock held. It is the
 * one lock that is held with signals open, for it is on the way of every bucket. When a handler's longjmp leaves an
 * operation in its middle, the next one rebuilds trees, chains and counts from what is whole at every instant: the
 * list of all slabs and their bitmasks (keg/rebuild.c). What the lost operation had in its hands stays out for good.
 * Out of memory: alloc returns fewer items than asked, perhaps none. free never fails for lack of memory.
 * Complexity: alloc and free O(1) an item and O(log slabs) when a slab changes its eighth.
 * Source: FreeBSD's UMA (kegs); fullest-first as in jemalloc and TCMalloc's span lists.
 */
#ifndef CELLAR_KEG_KEG_H
#define CELLAR_KEG_KEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/tree.h"
#include "os/lock.h"
#include "slab/slab.h"

#define CELLAR_KEG_NBINS 8
#define CELLAR_KEG_LG_BIN_UNIT 28

struct cellar__keg_attr {
    size_t size;      /* bytes an item, a multiple of 16 */
    uint16_t tag;     /* for the page map */
    bool has_marks;   /* whether items may be marked */
    size_t align;     /* of items, a power of two that divides size; read when has_colours */
    bool has_colours; /* whether slabs begin at different offsets, as far as the tail allows */
    size_t max_empty; /* rises by cellar__keg_prealloc, under the lock */
    /* Called once before an item is handed out for the first time: 0, or an error that fails the item. May be NULL. */
    int (*init)(void *item, size_t size, void *ctx);
    /* Called for every item that init made ready, before its slab goes. May be NULL. */
    void (*fini)(void *item, size_t size, void *ctx);
    void *ctx;
    /* Called for a marked item that is about to go out, before init. Set when has_marks. */
    void (*unmark)(struct cellar__keg *keg, void *item);
};

struct cellar__keg {
    /* constant */
    struct cellar__geometry geometry;
    struct cellar__keg_attr attr;
    uint32_t ncolours;
    uint32_t bin_reciprocal; /* ceil(8 * 2^28 / nitems): an item's share of the bins */

    uint32_t next_colour; /* atomic */
    size_t nmarked;       /* items; under the lock, read without */

    /* under the lock */
    CELLAR_LINE_ALIGNED struct cellar__lock lock;
    uint32_t nonempty_bins; /* bit i: bins[i] has a slab */
    uint32_t nempty;
    struct cellar__tree_node *bins[CELLAR_KEG_NBINS];
    struct cellar__list all;
    struct cellar__slab *empty;   /* chain through by_address.right */
    struct cellar__slab *purging; /* set aside by keg/purge.c, or NULL */
    size_t nslabs;
    size_t nout; /* items */
};

/* Takes the keg's lock, and mends what it guards if an operation was abandoned under it. */
void cellar__keg_lock(struct cellar__keg *keg);

void cellar__keg_init(struct cellar__keg *keg, const struct cellar__keg_attr *attr);

/* Takes up to n items; the number taken. None only when n is 0, memory is out or init failed. */
size_t cellar__keg_alloc(struct cellar__keg *keg, void **items, size_t n);

/*
 * Gives n items back. Stops at the first that may not be given back: the number given, with the reason in
 * *ret_fault (CELLAR_ITEM_OK when all were).
 */
size_t cellar__keg_free(struct cellar__keg *keg, void **items, size_t n, enum cellar__item_fault *ret_fault);

/*
 * The same for one item, which gets a mark, and counts as never made ready: the next one to take it is shown it by
 * unmark and init. For kegs with marks.
 */
enum cellar__item_fault cellar__keg_free_marked(struct cellar__keg *keg, void *item);

/* CELLAR_ITEM_OK when the address is an item of this keg that is out, else what it is. */
enum cellar__item_fault cellar__keg_find(struct cellar__keg *keg, const void *item);

/* Makes slabs until n items are free in them; they stay until reclaim. 0 or -ENOMEM. */
int cellar__keg_prealloc(struct cellar__keg *keg, size_t n);

/*
 * Compaction (keg/compact.c). begin starts a pass. freeze sets the sparsest slab of the pass aside, if the free items of
 * the other partial slabs can take its items, and writes its `out` mask (at most 64 words) to ret_out; NULL: the pass is
 * over. alloc_dense takes an item from a partial slab that is not set aside, or NULL. thaw ends the slab's being set
 * aside: it goes when it is empty. The number of bytes that went.
 */
void cellar__keg_compact_begin(struct cellar__keg *keg);
struct cellar__slab *cellar__keg_freeze(struct cellar__keg *keg, uint64_t *ret_out);
void *cellar__keg_alloc_dense(struct cellar__keg *keg);
size_t cellar__keg_thaw(struct cellar__keg *keg, struct cellar__slab *slab);

/*
 * Gives the memory of free items back (keg/purge.c): whole pages, of slabs from which nothing was taken and to which nothing
 * came back in the last `rests` visits, below CELLAR_SLAB_PURGED. Visits at most *max_slabs slabs, in turn from call to
 * call, and takes their number off. Whether a slab that was visited is on its way. Does nothing in a keg whose free items
 * are in a state that counts. For one thread at a time.
 */
bool cellar__keg_purge(struct cellar__keg *keg, unsigned rests, size_t *max_slabs);

/* In the child of fork: the thread that purges is not here. */
void cellar__keg_forget_purge(struct cellar__keg *keg);

/* Gives all empty slabs back. */
void cellar__keg_reclaim(struct cellar__keg *keg);

/* Gives everything back, items still out included; the keg may be initialised again. Nobody else may use it. */
void cellar__keg_fini(struct cellar__keg *keg);

/* Visits every slab under the lock; visit must not call the keg. */
void cellar__keg_walk(struct cellar__keg *keg, void (*visit)(void *ctx, const struct cellar__slab *slab),
                      void *ctx);

struct cellar__keg_usage {
    size_t nslabs;
    size_t nempty;
    size_t nout;
    size_t slab_bytes;
    size_t nitems; /* in all slabs */
};

void cellar__keg_usage(struct cellar__keg *keg, struct cellar__keg_usage *ret_usage);

/* NULL when the invariants of the keg and its slabs hold, else the name of the first that does not. */
const char *cellar__keg_check(struct cellar__keg *keg);

#endif
