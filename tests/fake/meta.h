/*
 * A fake of the meta level for the levels above it: every block is tracked, freed blocks are never used again and are
 * filled with 0xdd, and the n-th request fails on demand.
 */
#ifndef CELLAR_TESTS_FAKE_META_H
#define CELLAR_TESTS_FAKE_META_H

#include "meta/meta.h"

struct fake_meta {
    uint32_t calls;
    uint32_t fail_from; /* calls from this one (0 is the first) ... */
    uint32_t fail_to;   /* ... up to before this one fail */
    size_t used;        /* bytes out, as asked for */
    size_t nblocks;     /* blocks out */
};

extern struct fake_meta fake_meta;

#endif
