/*
 * run: consecutive granules of the heap, the unit in which slabs and large blocks get memory.
 *
 *   keg, large  <-- run -->  dirty runs  <-- purge, reuse -->  heap arena  <-- window -->  submap
 *
 * The heap arena holds only clean addresses: memory there was never touched or was purged, and reads as zero. A run
 * that comes back is dirty, and waits in the store of dirty runs (arena/dirty.h) for reuse or for its purge. When no dirty
 * run serves, the levels above are asked to let go of what waits with them (cellar__run_set_spare) before clean memory is.
 *
 * The owner supplies the descriptor: struct cellar__run is the first member of a slab and of a large block. While
 * a run is out the page map leads from every granule of it to the descriptor.
 *
 * Invariants:
 *   R1  the granules of live runs are disjoint, committed, and out in the heap arena as one range each.
 *   R2  for each granule of a live run, the page map's ref is that of its descriptor and the tag is run->tag.
 *   R3  a run with is_zero set reads as zero.
 *
 * Locks: none held across calls; inside, dirty (CELLAR_RANK_DIRTY) and arena (CELLAR_RANK_ARENA), one at a time.
 * Out of memory: take fails after all that waits was purged; give never fails.
 */
#ifndef CELLAR_ARENA_RUN_H
#define CELLAR_ARENA_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/arena.h"
#include "meta/meta.h"
#include "submap/page_map.h"

enum cellar__run_kind {
    CELLAR_RUN_NONE,
    CELLAR_RUN_SLAB,  /* the descriptor is a struct cellar__slab */
    CELLAR_RUN_LARGE, /* the descriptor is a struct cellar__large */
};

struct cellar__run {
    char *base;
    uint32_t ngranules;
    uint16_t tag; /* of the page map */
    uint8_t kind; /* enum cellar__run_kind */
    bool is_zero;
};

extern struct cellar__arena cellar__heap_arena;

/* Starts the heap: windows, page map, arena. 0 or -ENOMEM. */
int cellar__heap_init(const struct cellar__fit *fit, enum cellar__sizing sizing);

/*
 * Has `spare` called before a run takes clean memory: it lets memory that waits elsewhere go to the dirty runs, where at
 * least so many granules in one run are wanted. is_last: again, and all that serves, since there is no clean memory. With
 * signals blocked and no lock held. Once, at start.
 */
void cellar__run_set_spare(void (*spare)(size_t ngranules, bool is_last));

/*
 * Gets ngranules, or what the heap's sizing makes of it, at a multiple of `align` bytes (a power of two) for the
 * descriptor, whose kind and tag are set.
 * Fills base, ngranules and is_zero, and the page map. 0 or -ENOMEM.
 */
int cellar__run_take(struct cellar__run *run, size_t ngranules, size_t align);

/* Gives the memory back; the descriptor may be freed after. */
void cellar__run_give(struct cellar__run *run);

/* Grows into dirty or free memory behind the run, or shrinks. 0 or -ENOMEM with the run as it was. */
int cellar__run_resize(struct cellar__run *run, size_t ngranules);

CELLAR_INLINE size_t cellar__run_size(const struct cellar__run *run)
{
    return (size_t)run->ngranules << CELLAR_LG_GRANULE;
}

/* The descriptor of the live run that the address lies in, or NULL. Any address may be asked about. */
CELLAR_INLINE struct cellar__run *cellar__run_find(const void *addr)
{
    uint32_t ref = cellar__page_map_ref(addr);
    return ref == 0 ? NULL : cellar__meta_ptr(ref);
}

#endif
