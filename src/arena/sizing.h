/*
 * sizing: how long the range is that serves a request. Orthogonal to fit, which says where it lies.
 *
 *   exact      the next multiple of the arena's quantum
 *   constant   the next multiple of one unit, so that what is freed serves most requests whole: less external
 *              fragmentation for more internal
 *   pow2       the next power of two, at least a quantum
 *
 * A policy of blocks takes powers of two only, whatever the sizing.
 * Source: Randell, "A Note on Storage Fragmentation and Program Segmentation" (CACM 1969), who weighs the two kinds of
 * fragmentation by the size of the unit.
 */
#ifndef CELLAR_ARENA_SIZING_H
#define CELLAR_ARENA_SIZING_H

#include <stdbool.h>
#include <stdint.h>

enum cellar__sizing { CELLAR_SIZING_EXACT, CELLAR_SIZING_CONSTANT, CELLAR_SIZING_POW2 };

struct cellar__arena_attr;

/* The size, not 0, as this arena rounds it. False when that is more than 64 bits hold. */
bool cellar__sizing_round(const struct cellar__arena_attr *attr, uint64_t size, uint64_t *ret_size);

/* Whether the arena rounds the size, which may be 0, to the actual one. */
bool cellar__sizing_matches(const struct cellar__arena_attr *attr, uint64_t size, uint64_t actual);

#endif
