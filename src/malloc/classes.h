/*
 * classes: which sizes malloc's zones have.
 *
 *   id  1..16     16 ..   256  every 16 bytes
 *      18..32    288 ..   512  every 32
 *      36..64    576 ..  1024  every 64; so far the id is the size / 16, and the ids between are no class's
 *      65..68   1280 ..  2 Ki  four a doubling
 *      69..88   2304 .. 32 Ki  five a doubling: 9/8, 10/8, 12/8, 14/8 and 16/8 of a power of two, the first for a power
 *                              of two and a header
 *      89       60 Ki          a run of one granule, which has room for a colour (large/colour.h)
 *      90..101  64 Ki ..  1 Mi runs: every 64 KiB to 512 KiB, then four a doubling
 *
 * The granted size of a request n exceeds n by less than 16 up to 256, by less than n/8 up to 1 KiB, by less than n/4 up
 * to 2 KiB, by less than n/5 up to 32 KiB, and by less than n/8 just above a power of two.
 * Runs round up to granules of addresses; their memory is what the program touches.
 * tests/unit/classes_test.c proves the bounds for every size.
 */
#ifndef CELLAR_MALLOC_CLASSES_H
#define CELLAR_MALLOC_CLASSES_H

#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

#define CELLAR_CLASS_NSLAB 88
#define CELLAR_CLASS_NRUN 13
#define CELLAR_CLASS_END (1 + CELLAR_CLASS_NSLAB + CELLAR_CLASS_NRUN) /* ids are 1 .. END - 1 */
#define CELLAR_CLASS_SMALL_MAX 1024u
#define CELLAR_CLASS_SLAB_MAX ((size_t)32 << 10)
#define CELLAR_CLASS_GRANULE_MAX ((size_t)60 << 10) /* of what a granule holds beside a colour */
#define CELLAR_CLASS_MAX ((size_t)1 << 20)

/* The size of the class, id in 1 .. CELLAR_CLASS_END - 1. */
size_t cellar__class_size(unsigned id);

/* The id of the smallest class of at least n bytes; n at most CELLAR_CLASS_MAX. */
unsigned cellar__class_of(size_t n);

/* The id of the smallest class of at least n bytes whose items are all aligned to align, or 0 when there is none. */
unsigned cellar__class_of_aligned(size_t n, size_t align);

#endif
