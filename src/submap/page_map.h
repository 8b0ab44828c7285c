/*
 * page map: from any address of the heap's windows to what lies there, by one load.
 *
 * The windows are cut into granules of 64 KiB. For each granule there are two entries in dense arrays:
 *   tag   16 bits, read by free: where the cache of the item's zone lies in a thread's record; 0 when the
 *         granule belongs to no zone that threads cache
 *   ref   32 bits, read on slow paths: the meta ref of the descriptor of the run that owns the granule
 *
 * When the cover lies at low addresses, as the first window is placed if the kernel grants it (window.c), the array of
 * tags begins at address 0: then free compares an address with one end and need not subtract a base.
 *
 * Invariants:
 *   P1  an address outside [base, base + ngranules * granule) is foreign; an unsigned compare tells.
 *   P2  the entries of a granule are written only by the owner of its run, before the run's first item is handed
 *       out and after its last came back; whoever holds an item may read them without a lock.
 *   P3  ref != 0 if and only if the granule belongs to a live run.
 *   P4  near_end is 0, or near_tags has the tags of all granules below it, 0 for those below the cover.
 *   P5  the entries of granules below nopen are writable; it only rises, and is above every granule whose memory is
 *       committed.
 *
 * The arrays are mapped for the whole cover and the kernel fills them page by page as they are touched: 6 bytes
 * a granule, 96 MiB of addresses for a cover of 1 TiB, 6 KiB of memory for 64 MiB of heap. Refs are laid from the end of
 * the cover, so that what the lowest granules have lies together:
 *
 *      ref 3 | ref 2 | ref 1 | ref 0 || (tags below the cover) tag 0 | tag 1 | tag 2 | tag 3
 *              |<- - - - - - - -  writable, by one call  - - - - - - - - - ->|
 *
 * The rest reads as zero and cannot be written. The kernel charges a process for what can be written, when it charges for
 * memory before its use at all (vm.overcommit_memory 2), so this is no more than 16 MiB as long as a heap that is one
 * window is below 64 GiB.
 */
#ifndef CELLAR_SUBMAP_PAGE_MAP_H
#define CELLAR_SUBMAP_PAGE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define CELLAR_LG_GRANULE 16
#define CELLAR_GRANULE ((size_t)1 << CELLAR_LG_GRANULE)

struct cellar__page_map {
    uintptr_t base;
    size_t ngranules;
    uint16_t *tags;  /* by granule, from base */
    uint32_t *refs;  /* by granule, from last downwards */
    size_t near_end; /* granules from address 0 on */
    uint16_t *near_tags;
    uintptr_t last; /* address of the cover's last byte */
    size_t nopen;   /* atomic, P5 */
};

/* The highest end of a cover whose tags begin at address 0: 128 MiB of addresses for them. */
#define CELLAR_PAGE_MAP_NEAR ((uintptr_t)4 << 40)

/* All zero until the heap starts, which makes every address foreign. Written once, but for nopen. */
extern CELLAR_HIDDEN struct cellar__page_map cellar__page_map;

/*
 * Maps the arrays for a cover of addresses; both bounds are multiples of the granule. The entries of the first `open` bytes,
 * and of some more, are writable. 0 or -ENOMEM.
 */
int cellar__page_map_init(uintptr_t base, size_t size, size_t open);

/* Makes the entries of all of the cover below `end` writable. 0 or -ENOMEM. Any number of threads at once. */
int cellar__page_map_commit(const char *end);

CELLAR_INLINE bool cellar__page_map_covers(const void *addr)
{
    return ((uintptr_t)addr - cellar__page_map.base) >> CELLAR_LG_GRANULE < cellar__page_map.ngranules;
}

/* The tag of the granule, or 0 for a foreign address. */
CELLAR_INLINE uint16_t cellar__page_map_tag(const void *addr)
{
    size_t granule = ((uintptr_t)addr - cellar__page_map.base) >> CELLAR_LG_GRANULE;
    return CELLAR_LIKELY(granule < cellar__page_map.ngranules) ? cellar__page_map.tags[granule] : 0;
}

/* The ref of the granule, or 0 for a foreign address. */
CELLAR_INLINE uint32_t cellar__page_map_ref(const void *addr)
{
    size_t from_last = (cellar__page_map.last - (uintptr_t)addr) >> CELLAR_LG_GRANULE;
    return from_last < cellar__page_map.ngranules
               ? __atomic_load_n(&cellar__page_map.refs[from_last], __ATOMIC_ACQUIRE)
               : 0;
}

/* The tag by one compare and one load. 0 too where only the base tells, which is for the slow path to ask. */
CELLAR_INLINE uint16_t cellar__page_map_near_tag(const void *addr)
{
    size_t granule = (uintptr_t)addr >> CELLAR_LG_GRANULE;
    return CELLAR_LIKELY(granule < cellar__page_map.near_end) ? cellar__page_map.near_tags[granule] : 0;
}

/* Writes the entries of every granule of a run. */
void cellar__page_map_set(const void *addr, size_t ngranules, uint32_t ref, uint16_t tag);

#endif
