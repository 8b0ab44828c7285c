/*
 * slab: a run of granules cut into equal items.
 *
 *   metadata:  [ struct cellar__slab | out: one bit an item | ready: one bit an item, when items have an init hook |
 *                   |                | marks: one bit an item, when the keg wants them ]
 *   run:            v base  [ colour ][ item 0 ][ item 1 ][ item 2 ] ... [ item n-1 ][ tail ]
 *
 * The header lies in metadata, so an overflowing item meets only its neighbour, and the memory of an item that is
 * free is never read or written. Items go out in address order, which keeps a slab's touched pages together and
 * leaves the untouched ones to the kernel. What an item's index is follows from its address by one multiplication.
 *
 * Invariants:
 *   L1  item i lies at base + colour + i * size; colour + nitems * size <= the size of the run.
 *   L2  bit i of `out` is set if and only if item i is out; nout is the number of set bits.
 *   L3  bit i of `ready` is set if and only if init was called for item i, and fini not since.
 *   L4  every word of `out` before first_word is full.
 *
 * The colour, out of the tail, differs from slab to slab, so that the first items of many slabs do not all meet in the
 * same sets of the processor's cache. Marks are the keg's (keg/mark.c). A slab of one item may be as long as it likes.
 *
 * Locks: none; the keg's lock protects its slabs. Complexity: take O(items taken + words passed), give O(items given).
 * Source: Bonwick, "The Slab Allocator" (USENIX 1994); headers off the slab and bitmasks as in FreeBSD's UMA.
 */
#ifndef CELLAR_SLAB_SLAB_H
#define CELLAR_SLAB_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/run.h"
#include "base/list.h"
#include "base/tree.h"

#define CELLAR_SLAB_LG_UNIT 40 /* fixed-point arithmetic of places in a slab */

/* How runs are cut for one item size. Constant for the life of a keg. */
struct cellar__geometry {
    uint64_t reciprocal; /* ceil(2^CELLAR_SLAB_LG_UNIT / size) */
    uint32_t size;       /* bytes an item */
    uint32_t nitems;     /* a slab */
    uint32_t ngranules;  /* a slab */
    uint32_t nwords;     /* of one bitmask */
    bool has_ready;      /* whether slabs carry the second bitmask */
    bool has_marks;      /* whether they carry the third */
};

struct cellar__keg;

struct cellar__slab {
    struct cellar__run run; /* constant while the slab lives */
    struct cellar__keg *keg;
    struct cellar__tree_node by_address; /* among the keg's slabs that are as full */
    struct cellar__list all;             /* all slabs of the keg */
    uint16_t nout;                       /* a slab has at most 4,096 items */
    uint16_t first_word;
    uint16_t colour;    /* constant; in units of CELLAR_SLAB_COLOUR_UNIT */
    bool is_frozen : 1; /* it is set aside: nothing is taken, and the keg has it on no list but `all` */
    bool is_passed : 1; /* the compaction that runs has been here */
    uint8_t nrests;     /* visits of keg/purge.c since an item came or went, or CELLAR_SLAB_PURGED */
    uint64_t out[];     /* nwords, then nwords of `ready` and of marks when the geometry has them */
};

/* Why an address is no item that may be given back. */
enum cellar__item_fault {
    CELLAR_ITEM_OK,
    CELLAR_ITEM_NOT_HERE,   /* no slab of this keg holds the address */
    CELLAR_ITEM_MISALIGNED, /* inside an item, or in the tail */
    CELLAR_ITEM_FREE,       /* an item that is not out */
};

#define CELLAR_SLAB_COLOUR_UNIT 16u
#define CELLAR_SLAB_PURGED UINT8_MAX
#define CELLAR_SLAB_SIZE_MAX ((size_t)1 << 30)

/* The cheapest cut for items of `size` bytes, a multiple of 16 up to CELLAR_SLAB_SIZE_MAX. */
struct cellar__geometry cellar__geometry_make(size_t size, bool has_ready);

/* Bytes of a slab header with its bitmasks. */
size_t cellar__slab_header_size(const struct cellar__geometry *geometry);

/* Takes up to n items in address order. Items whose `ready` bit was clear come with their lowest bit set. */
size_t cellar__slab_take(struct cellar__slab *slab, const struct cellar__geometry *geometry, void **items,
                         size_t n);

/*
 * Gives items back, from items[0] on, which lies in the slab's run, up to the first that lies elsewhere or is at fault, for
 * which nothing changes. Returns how many.
 */
size_t cellar__slab_give(struct cellar__slab *slab, const struct cellar__geometry *geometry, void **items,
                         size_t n, enum cellar__item_fault *ret_fault);

/* The address of item 0. */
CELLAR_INLINE char *cellar__slab_first(const struct cellar__slab *slab)
{
    return slab->run.base + (size_t)slab->colour * CELLAR_SLAB_COLOUR_UNIT;
}

/* Index of the item that the address lies in; nitems or more in the tail, 0 for all of a slab of one item. */
CELLAR_INLINE uint32_t cellar__slab_index(const struct cellar__slab *slab,
                                          const struct cellar__geometry *geometry, const void *addr)
{
    /*
     * Exact for every offset in a slab: with r = ceil(2^40 / size), offset * r / 2^40 exceeds the true quotient by
     * less than offset / 2^40, which is below 1 / size as offset < 2^19 and size <= 2^19 (geometry.c). A slab of one
     * item has r = 0.
     */
    uint64_t offset = (uint64_t)((const char *)addr - cellar__slab_first(slab));
    return (uint32_t)((offset * geometry->reciprocal) >> CELLAR_SLAB_LG_UNIT);
}

CELLAR_INLINE void *cellar__slab_item(const struct cellar__slab *slab,
                                      const struct cellar__geometry *geometry, uint32_t index)
{
    return cellar__slab_first(slab) + (size_t)index * geometry->size;
}

/* Whether the address lies in the slab's run. */
CELLAR_INLINE bool cellar__slab_spans(const struct cellar__slab *slab, const void *addr)
{
    return (uintptr_t)addr - (uintptr_t)slab->run.base < cellar__run_size(&slab->run);
}

bool cellar__slab_is_out(const struct cellar__slab *slab, uint32_t index);

/* The `ready` bitmask; only when the geometry has it. */
CELLAR_INLINE uint64_t *cellar__slab_ready(struct cellar__slab *slab, const struct cellar__geometry *geometry)
{
    return slab->out + geometry->nwords;
}

/* The marks; only when the geometry has them. */
CELLAR_INLINE uint64_t *cellar__slab_marks(struct cellar__slab *slab, const struct cellar__geometry *geometry)
{
    return slab->out + (size_t)geometry->nwords * (geometry->has_ready ? 2 : 1);
}

/* NULL when the invariants hold, else the name of the first that does not. */
const char *cellar__slab_check(const struct cellar__slab *slab, const struct cellar__geometry *geometry);

#endif
