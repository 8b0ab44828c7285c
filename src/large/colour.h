/*
 * colour: where in its first page a large block begins.
 *
 *   run or mapping   |   colour   |  block ...                       |  rest  |
 *                     < CELLAR_COLOUR_ROOM                            together the room
 *
 * Runs and mappings begin at pages. Would the blocks too, then what a program reads and writes at the same offsets of some
 * of them, such as their headers or each page's first line, would all meet in one set of the processor's nearest cache,
 * which an address chooses by its place in a page. So each block begins some cache lines further on, another number of
 * them from block to block, and a run or a mapping has room for that beside the block.
 *
 * Source: cache colouring (Bonwick, "The Slab Allocator", USENIX 1994); jemalloc's cache-oblivious large allocations.
 */
#ifndef CELLAR_LARGE_COLOUR_H
#define CELLAR_LARGE_COLOUR_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define CELLAR_COLOUR_UNIT ((size_t)64)   /* a cache line; what every large block is aligned to */
#define CELLAR_COLOUR_ROOM ((size_t)4096) /* bytes of a run or a mapping beyond the block's */
#define COLOUR_STEP                                                                                          \
    39u /* of 64, the golden section: any few in a row lie far apart, and 64 are all different */

/* The n-th colour, in bytes. */
CELLAR_INLINE uint16_t cellar__colour_of(uint32_t n)
{
    return (uint16_t)(n * COLOUR_STEP % (CELLAR_COLOUR_ROOM / CELLAR_COLOUR_UNIT) * CELLAR_COLOUR_UNIT);
}

#endif
