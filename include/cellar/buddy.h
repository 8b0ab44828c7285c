/*
 * A binary buddy allocator over memory, or any space of integers, that the caller gives.
 *
 * Blocks have sizes of a power of two and lie at multiples of their size, so that the address of a block's buddy is its
 * own address XOR its size. A request gets a block of the smallest size that serves, at the lowest address where one is
 * free. Nothing is ever read or written in the space itself: what is known of it lies in a buffer that the caller gives
 * too, 5 bits for each smallest block. So the space may as well be a file, a device's memory or numbers, and memory
 * that is not mapped.
 *
 * It stands alone: no malloc, no threads, no system call, nothing of a C library but memset and memcpy. `make
 * freestanding` builds it for a machine without an operating system; there EINVAL is 22, ENOMEM 12 and EBUSY 16.
 *
 * Common to all functions: addresses and sizes count in the units of the space, called bytes here. The caller keeps
 * threads apart; functions that take a const buddy may run side by side. A function returns 0, or a negative errno value
 * when it has changed nothing. An address that no block begins at, one that is free already and one outside the space are
 * -EINVAL: nothing aborts. Only cellar_buddy_init, _reserve, _walk, _orders and _check take time in proportion to the
 * space; the others read and write at most some fields for each doubling from the smallest block to the whole.
 */
#ifndef CELLAR_BUDDY_H
#define CELLAR_BUDDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellar/cellar.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most doublings from the smallest block to the whole space, plus one. */
#define CELLAR_BUDDY_NORDERS 40

/*
 * Bytes of metadata that suffice, as a constant expression for a static buffer: what cellar_buddy_metadata_size says and
 * at most 2 for each doubling and 8.
 */
#define CELLAR_BUDDY_METADATA_SIZE(size, lg_min)                                                             \
    ((size_t)((((uint64_t)(size) >> (lg_min)) / 8 * 5) + ((uint64_t)(size) >> (lg_min) >> 14) + 7 +          \
              (64 - (size_t)__builtin_clzll(((uint64_t)(size) >> (lg_min)) | 1))))

/* Bytes of metadata for a space of `size` bytes with blocks from 2^lg_min on; 0 when there can be no such buddy. */
CELLAR_API size_t cellar_buddy_metadata_size(uint64_t size, unsigned lg_min);

/* A buddy allocator. The caller gives the memory, and neither copies it nor looks at a member. */
struct cellar_buddy {
    /* constant */
    uint64_t base;
    size_t nunits; /* a unit is a block of the smallest size */
    uint8_t lg_min;
    uint8_t lg_max;
    uint8_t max_order;  /* of a block; order k is 2^k units */
    uint8_t root_order; /* of the tree */
    uint8_t *level[CELLAR_BUDDY_NORDERS];

    /* now, in units but for nout */
    size_t allocated;
    size_t reserved;
    size_t nout;

    /* since init */
    size_t nholes; /* calls of reserve that took something */
    size_t max_allocated;
    size_t extent;
    uint8_t largest_order; /* of any block */
    bool resized;
    uint64_t requested; /* bytes */
    uint64_t granted;
};

#define CELLAR_BUDDY_ATTR_VERSION 1

/* What a buddy is made of. */
struct cellar_buddy_attr {
    uint32_t version; /* CELLAR_BUDDY_ATTR_VERSION */
    unsigned lg_min;  /* the smallest block is 2^lg_min bytes */
    unsigned
        lg_max;     /* the largest block is 2^lg_max bytes; lg_min to 63. It may be more than the space has */
    uint64_t base;  /* where the space begins: a multiple of 2^lg_max */
    uint64_t size;  /* at least a smallest block; what is left behind the last whole one is not used */
    void *metadata; /* the buddy's alone for as long as it is used; at any alignment */
    size_t metadata_size;
};

/*
 * Starts with all of the space free, in time proportional to the metadata. There is nothing to undo at the end. -EINVAL:
 * the attributes are not as they say, the end of the space wraps, the metadata is too small, or there are more than
 * CELLAR_BUDDY_NORDERS orders.
 */
CELLAR_API int cellar_buddy_init(struct cellar_buddy *buddy, const struct cellar_buddy_attr *attr);

/* A block of at least size bytes, and at a multiple of its own size. -EINVAL for size 0; -ENOMEM. */
CELLAR_API int cellar_buddy_alloc(struct cellar_buddy *buddy, uint64_t size, uint64_t *ret_addr);

/* Frees the block that begins at addr, and joins it with its buddy for as long as that is free. -EINVAL. */
CELLAR_API int cellar_buddy_free(struct cellar_buddy *buddy, uint64_t addr);

/* The same, for who knows the size that was asked for: -EINVAL also when such a request gets another size of block. */
CELLAR_API int cellar_buddy_free_sized(struct cellar_buddy *buddy, uint64_t addr, uint64_t size);

/*
 * Makes the block at addr as large as a request of new_size would get, where it lies. To shrink always succeeds. To grow
 * is -ENOMEM unless addr is a multiple of the new size and all that is to be gained is free. -EINVAL: no block, or size
 * 0. The first change of a size ends the better of the two bounds that cellar_buddy_check verifies.
 */
CELLAR_API int cellar_buddy_resize(struct cellar_buddy *buddy, uint64_t addr, uint64_t new_size);

/*
 * Takes a range out of use for good: a hole in the memory, or what somebody else owns. The range is widened to whole
 * smallest blocks; what is reserved already stays so. -EINVAL: size 0, or not inside the space. -EBUSY: a block in it is
 * out.
 */
CELLAR_API int cellar_buddy_reserve(struct cellar_buddy *buddy, uint64_t addr, uint64_t size);

enum cellar_buddy_state {
    CELLAR_BUDDY_FREE,
    CELLAR_BUDDY_OUT,      /* with the program */
    CELLAR_BUDDY_RESERVED, /* a piece of what was reserved, as large as a block can be */
};

struct cellar_buddy_block {
    uint64_t addr;
    uint64_t size;
    enum cellar_buddy_state state;
};

/* The block that holds addr, which need not be its begin. -EINVAL: outside the space. */
CELLAR_API int cellar_buddy_find(const struct cellar_buddy *buddy, uint64_t addr,
                                 struct cellar_buddy_block *ret_block);

/* The size of the block at addr, all of it usable. -EINVAL. */
CELLAR_API int cellar_buddy_size_of(const struct cellar_buddy *buddy, uint64_t addr, uint64_t *ret_size);

/*
 * Calls visit for each block, in order of addresses. visit may free the block that it is shown, and may do nothing else
 * to the buddy; free space that has joined with such a block is not shown again.
 */
CELLAR_API void cellar_buddy_walk(const struct cellar_buddy *buddy,
                                  void (*visit)(void *ctx, const struct cellar_buddy_block *block),
                                  void *ctx);

/*
 * Bytes, but for nout. External fragmentation is 1 - largest_free / free; internal fragmentation, of all requests since
 * init, is 1 - requested / granted.
 */
struct cellar_buddy_usage {
    /* now: size is allocated + free + reserved */
    uint64_t size;
    uint64_t allocated;
    uint64_t free;
    uint64_t reserved;
    uint64_t largest_free; /* a block of this size, and no larger one, is to be had */
    size_t nout;           /* blocks with the program */

    /* since init */
    uint64_t requested;     /* the sizes of all requests that were served, resizes included */
    uint64_t granted;       /* the sizes of the blocks that they got */
    uint64_t max_allocated; /* the most that was allocated at once */
    uint64_t largest;       /* the largest block; 0 when there was none */
    uint64_t extent;        /* the highest end that a block has had, counted from base */
    uint64_t bound;         /* extent cannot be more: see cellar_buddy_bound */
};

CELLAR_API void cellar_buddy_get_usage(const struct cellar_buddy *buddy,
                                       struct cellar_buddy_usage *ret_usage);

/* The blocks of one size, 2^(lg_min + its index) bytes. */
struct cellar_buddy_order {
    size_t nout;
    size_t nfree;
};

/* Counts the blocks of each size, into an array of lg_max - lg_min + 1. */
CELLAR_API void cellar_buddy_orders(const struct cellar_buddy *buddy, struct cellar_buddy_order *ret_orders);

/*
 * The memory that is enough. A buddy over this many bytes or more, of the same lg_min, serves every request of every
 * program that has blocks of at most `live` bytes out at once, each counted with the size of its block, none of them
 * larger than `largest`; with no resize and no reserve. For n = the largest block / the smallest it is live (1 + lg(n) / 2)
 * when the largest divides live, which is what the worst program needs, else less than 1.5 * largest more. UINT64_MAX when
 * 64 bits do not hold it. src/buddy/bound.c has the proof.
 */
CELLAR_API uint64_t cellar_buddy_bound(uint64_t live, uint64_t largest, unsigned lg_min);

/*
 * NULL when all invariants hold, else the name of the first that does not, "B1" to "B5"; src/buddy/buddy.c lists them.
 * B5 is that extent is within the bound.
 */
CELLAR_API const char *cellar_buddy_check(const struct cellar_buddy *buddy);

#ifdef __cplusplus
}
#endif

#endif
