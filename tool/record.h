/*
 * Statistics records: what a process on Cellar tells about itself when it ends, one JSON object on a line
 * (stats_at_exit:json). Sizes are bytes, times nanoseconds.
 */
#ifndef CELLAR_TOOL_RECORD_H
#define CELLAR_TOOL_RECORD_H

#include <stddef.h>
#include <stdint.h>

struct json_t;

struct record_submap {
    const char *base;
    uint64_t reserved;
    uint64_t committed;
};

struct record_arena {
    const char *name;
    const char *fit;
    uint64_t quantum;
    uint64_t imported;
    uint64_t allocated;
    uint64_t free;
    uint64_t free_below_top;
    uint64_t largest_free_below_top;
    uint64_t segments;
    uint64_t free_segments;
};

struct record_zone {
    const char *name;
    const char *kind; /* "slab": items cut from slabs; "run": each item a run of the arena */
    uint64_t item_size;
    uint64_t requests;
    uint64_t live;
    uint64_t in_buckets; /* free in thread buckets and the depot */
    uint64_t in_slabs;   /* free in slabs */
    uint64_t slabs;
    uint64_t slab_bytes;
    uint64_t samples;
    uint64_t sampled_requested;
    uint64_t sampled_granted;
};

/* All strings belong to the JSON value and live as long as the record. */
struct record {
    struct json_t *json;
    const char *version;
    const char *exe;
    const char *fit;
    uint64_t pid;
    uint64_t ppid;
    uint64_t page_size;
    uint64_t granule;
    uint64_t peak_rss;
    uint64_t wall_ns;
    uint64_t user_ns;
    uint64_t sys_ns;
    uint64_t minor_faults;
    uint64_t threads;
    uint64_t page_map_reserved;
    uint64_t meta_reserved;
    uint64_t meta_used;
    uint64_t huge_requests;
    uint64_t huge_live;
    uint64_t huge_live_bytes;
    uint64_t huge_cached;
    uint64_t huge_cached_bytes;
    double internal; /* the fragmentation figures, each from 0 to 1 */
    double external;
    double slab;
    double cached;
    struct record_submap *submaps;
    size_t nsubmaps;
    struct record_arena *arenas;
    size_t narenas;
    struct record_zone *zones;
    size_t nzones;
};

struct record_set {
    struct record *records;
    size_t count;
    char *text; /* the lines as they came */
    size_t size;
};

enum {
    RECORD_VERSION = 1, /* the value of "cellar_stats" this command reads */
    RECORD_ERROR_MAX = 512,
};

/*
 * Reads every record of the stream open at `fd`, from its present position to its end. `name` stands for it
 * in errors. Returns 0, or -errno with one line in `error` that names the stream, the line and what is wrong;
 * -EBADMSG is a malformed record, and the set then holds the records before it. A stream without a record
 * gives 0 and a count of 0. The set is valid in every case and is released with cellar__record_set_fini.
 */
int cellar__record_set_read(struct record_set *set, int fd, const char *name, char error[RECORD_ERROR_MAX]);

/* The same for the file of that name. */
int cellar__record_set_load(struct record_set *set, const char *path, char error[RECORD_ERROR_MAX]);

void cellar__record_set_fini(struct record_set *set);

/* The record with the largest peak RSS; the set is not empty. */
const struct record *cellar__record_set_largest(const struct record_set *set);

#endif
