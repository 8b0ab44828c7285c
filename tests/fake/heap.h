/*
 * A heap of a few granules and as much metadata, in static memory: stands in for the levels arena and meta under
 * what takes runs. Counts what is out, refuses when told to, and hands out memory that is full of 0xa5, so that
 * nobody can rely on zeros. For one thread.
 */
#ifndef CELLAR_TESTS_FAKE_HEAP_H
#define CELLAR_TESTS_FAKE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "arena/run.h"

enum { FAKE_GRANULES = 96 };

struct fake_heap {
    size_t nruns;        /* out */
    size_t ngranules;    /* out */
    size_t nblocks;      /* of metadata, out */
    size_t runs_left;    /* takes that will succeed; SIZE_MAX without bound */
    size_t blocks_left;  /* metadata blocks that will be given; SIZE_MAX without bound */
    unsigned locks_held; /* the highest rank that was held by a caller */
    bool is_full;        /* more waits than may */
};

extern struct fake_heap fake_heap;

/* Everything free, nothing refused. */
void fake_heap_start(void);

/* The lowest address. */
char *fake_heap_base(void);

#endif
