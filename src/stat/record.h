/*
 * record: the statistics of one process at one moment, and how they are written.
 *
 * The levels fill a record (malloc/stats.c collects); this level only computes ratios and prints. Printing goes
 * through a sink in pieces, so no buffer has to hold the whole. docs/stats.md explains every field.
 */
#ifndef CELLAR_STAT_RECORD_H
#define CELLAR_STAT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#define CELLAR_STAT_MAX_ZONES 128
#define CELLAR_STAT_MAX_SUBMAPS 128

struct cellar__stat_zone {
    const char *name;
    const char *kind;
    size_t item_size;
    uint64_t nrequests; /* of malloc's zones at least so many: docs/stats.md */
    size_t nlive;
    size_t in_buckets;
    size_t in_slabs;
    size_t nslabs;
    size_t slab_bytes;
    uint64_t nsamples;
    uint64_t sampled_requested;
};

struct cellar__stat_submap {
    const void *base;
    size_t reserved;
    size_t committed;
};

struct cellar__stat_arena {
    const char *name;
    const char *fit;
    uint64_t quantum;
    uint64_t imported;
    uint64_t allocated;
    uint64_t free_below_top;
    uint64_t largest_free_below_top;
    size_t nsegments;
    size_t nfree;
};

struct cellar__stat_record {
    const char *version;
    int pid;
    int ppid;
    char program[256];
    size_t page_size;
    size_t granule;
    size_t peak_rss;
    uint64_t wall_ns;
    uint64_t user_ns;
    uint64_t system_ns;
    uint64_t minor_faults;
    size_t nthreads;
    size_t page_map_reserved;
    size_t meta_reserved;
    size_t meta_used;
    size_t dirty_bytes;
    size_t held; /* bytes of runs and huge mappings */
    size_t peak_held;
    struct {
        uint64_t nrequests;
        size_t nlive;
        size_t live_bytes;
        size_t ncached;
        size_t cached_bytes;
    } huge;
    struct cellar__stat_arena arena; /* the heap */
    size_t nsubmaps;
    struct cellar__stat_submap submaps[CELLAR_STAT_MAX_SUBMAPS];
    size_t nzones;
    struct cellar__stat_zone zones[CELLAR_STAT_MAX_ZONES];
};

/* The ratios, each in 0 .. 1; 0 when there is nothing to divide by. */
struct cellar__stat_fragmentation {
    double internal; /* 1 - requested / granted, sampled, each zone weighted by its requests */
    double external; /* 1 - largest free / total free, in the arena below its top */
    double slab;     /* 1 - (live + in buckets) / slab bytes */
    double cached;   /* bytes in buckets / slab bytes */
};

struct cellar__stat_fragmentation cellar__stat_fragmentation(const struct cellar__stat_record *record);

/* Where text goes. 0 or -errno, which ends the printing. */
struct cellar__stat_sink {
    int (*write)(void *ctx, const char *text, size_t length);
    void *ctx;
};

/* One line of JSON. */
int cellar__stat_print_json(const struct cellar__stat_record *record, const struct cellar__stat_sink *sink);

/* Tables for people. */
int cellar__stat_print_text(const struct cellar__stat_record *record, const struct cellar__stat_sink *sink);

#endif
