/*
 * Cellar: the library as a whole. Version, configuration, statistics.
 *
 * Including this header changes nothing in a program; linking libcellar, or preloading it, replaces malloc.
 */
#ifndef CELLAR_CELLAR_H
#define CELLAR_CELLAR_H

#include <stddef.h>

#define CELLAR_VERSION "0.1.0"

/* What the library exports; everything else in it is hidden. */
#define CELLAR_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that runs, "MAJOR.MINOR.PATCH". Never NULL. Callable at any time by any thread. */
CELLAR_API const char *cellar_version(void);

/* One configuration key, as CELLAR_CONF understands it. No string is NULL. */
struct cellar_option {
    const char *name;
    const char *type;          /* "choice", "number", "bytes", "path", "flag" */
    const char *default_value; /* as it would be written in CELLAR_CONF */
    const char *range;         /* admissible values, for people */
    const char *doc;           /* one line */
};

/*
 * The table of all configuration keys: the same that CELLAR_CONF=help:1 prints. The table is constant and lives as
 * long as the process; its length goes to *ret_count. Callable at any time by any thread.
 */
CELLAR_API const struct cellar_option *cellar_options(size_t *ret_count);

/*
 * Settings of the program itself, read once, before the first allocation: a program may define this string
 * ("key:value,key:value"). CELLAR_CONF from the environment is read after it and wins.
 */
extern CELLAR_API const char *cellar_conf;

/* How cellar_stats_print writes. */
enum cellar_stats_format {
    CELLAR_STATS_TEXT, /* tables for people */
    CELLAR_STATS_JSON, /* one line, as docs/stats.md describes it */
};

/*
 * Writes the allocator's statistics to a file descriptor. Takes each lock for a short time, allocates nothing, and
 * may be called by any thread, but not by a signal handler. Returns 0 or a negative errno value.
 */
CELLAR_API int cellar_stats_print(int fd, enum cellar_stats_format format);

#ifdef __cplusplus
}
#endif

#endif
