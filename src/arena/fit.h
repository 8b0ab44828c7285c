/*
 * fit: which free segment serves a request. A policy is an operations table over one arena's free segments.
 *
 * The arena calls all but init and fini under its lock. A segment's base and size do not change while it is inserted.
 * None of these allocates, none fails: a policy keeps its links in the segment.
 */
#ifndef CELLAR_ARENA_FIT_H
#define CELLAR_ARENA_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/segment.h"

#define CELLAR_FIT_NLISTS 64

/* What a policy remembers of one arena. Refs are 0 when there is none. */
struct cellar__fit_state {
    uint64_t quantum;
    unsigned lg_quantum;
    uint64_t nonempty;                 /* instant, buddy: bit i is set when lists[i] has a segment */
    uint32_t lists[CELLAR_FIT_NLISTS]; /* instant, buddy: heads; fifo, lifo: head and tail */
    uint32_t root;                     /* trees */
    uint64_t rover;                    /* next: where the last range found will end */
    struct cellar__fit_table *table;   /* segregated: its lists, from meta */
};

struct cellar__fit {
    const char *name;
    size_t seg_size;   /* bytes of a segment under this policy */
    size_t table_size; /* bytes of meta that init takes */
    /* Whether find sees every segment; when not, it may pass one over that would serve. */
    bool is_exact;
    /* Whether free segments are blocks: powers of two, each at a multiple of its size, that join their buddy alone. */
    bool has_blocks;
    /* Whether small ranges that come back wait on quick lists (arena/quick.h). */
    bool has_quick;
    /* What the policy needs beside the segments: 0 or -ENOMEM. Called with no lock held. Both may be NULL. */
    int (*init)(struct cellar__fit_state *state);
    void (*fini)(struct cellar__fit_state *state);
    void (*insert)(struct cellar__fit_state *state, struct cellar__segment *seg);
    void (*remove)(struct cellar__fit_state *state, struct cellar__segment *seg);
    /*
     * A segment that is in has another size now and perhaps another base, but lies between the same others. NULL: it is
     * removed and inserted instead.
     */
    void (*resize)(struct cellar__fit_state *state, struct cellar__segment *seg);
    /* A free segment of at least size, or NULL. Does not remove it. */
    struct cellar__segment *(*find)(struct cellar__fit_state *state, uint64_t size);
    /* The number of segments held, or SIZE_MAX when the structure is broken. */
    size_t (*check)(const struct cellar__fit_state *state);
};

extern const struct cellar__fit cellar__fit_instant;
extern const struct cellar__fit cellar__fit_segregated;
extern const struct cellar__fit cellar__fit_quick;
extern const struct cellar__fit cellar__fit_best;
extern const struct cellar__fit cellar__fit_first;
extern const struct cellar__fit cellar__fit_next;
extern const struct cellar__fit cellar__fit_worst;
extern const struct cellar__fit cellar__fit_buddy;
extern const struct cellar__fit cellar__fit_fifo;
extern const struct cellar__fit cellar__fit_lifo;

/* All of them, in the order of the list above; NULL ends it. */
extern const struct cellar__fit *const cellar__fits[];

/* The policy of that name, or NULL. */
const struct cellar__fit *cellar__fit_find(const char *name);

#endif
