/*
 * large: blocks above 32 KiB, to 1 MiB, each an arena run of its own, with room for a colour (large/colour.h).
 *
 * A zone of runs caches them (vmem's quantum caches): its buckets hold few but whole runs, so a thread that uses a
 * block of 256 KiB again and again does not meet a lock. Addresses come in granules, memory in pages: what a program
 * does not touch of a block's last granule stays with the kernel.
 *
 * Invariants:
 *   G1  a large block is a run whose descriptor is a struct cellar__large with the block's zone.
 *   G2  the block begins at its colour, and the run has room for any behind it.
 *   G3  is_zero of its run is true only until the block is first handed out: the allocation clears it.
 *
 * Locks: none of its own. Out of memory: import returns fewer blocks; nothing is lost.
 * Source: quantum caches (Bonwick and Adams, USENIX 2001).
 */
#ifndef CELLAR_LARGE_LARGE_H
#define CELLAR_LARGE_LARGE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena/run.h"
#include "large/colour.h"
#include "zone/zone.h"

/* A zone's source of runs of one size, which is that of the zone's items and CELLAR_COLOUR_ROOM. */
struct cellar__large_source {
    size_t ngranules;
    uint16_t tag;
    size_t nout; /* runs in the hands of the zone: with the program, in buckets, in the depot; atomic */
};

struct cellar__large {
    struct cellar__run run;
    struct cellar__large_source *source;
    uint16_t colour; /* bytes from the run's base to the block; changed by who has the block */
};

extern const struct cellar__zone_backend cellar__large_backend; /* source: struct cellar__large_source */

/* The descriptor when `run` is a large block. */
CELLAR_INLINE struct cellar__large *cellar__large_of(struct cellar__run *run)
{
    return (struct cellar__large *)run;
}

/* Where the block begins. */
CELLAR_INLINE char *cellar__large_block(const struct cellar__large *large)
{
    return large->run.base + large->colour;
}

/* The caller, who has the block and has not used it yet, takes it without a colour: aligned to a granule. Its address. */
CELLAR_INLINE void *cellar__large_align(struct cellar__large *large)
{
    large->colour = 0;
    return large->run.base;
}

/* Grows or shrinks a block in place so that it belongs to the other source. 0 or -ENOMEM with all as it was. */
int cellar__large_resize(struct cellar__large *large, struct cellar__large_source *to);

#endif
