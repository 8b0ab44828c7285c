/* The fit policies of arenas by name, for the bench programs that take one. */
#ifndef BENCH_FIT_H
#define BENCH_FIT_H

#include "bench.h"

#include <string.h>

#include <cellar/arena.h>

/* The policy, or the usage line and exit. */
static inline enum cellar_fit bench_fit_get(const char *name, const char *usage)
{
    static const char *const names[] = {"default", "instant", "segregated", "quick", "best", "first",
                                        "next",    "worst",   "buddy",      "fifo",  "lifo"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return (enum cellar_fit)i;
    fprintf(stderr, "bench: unknown policy \"%s\"\nusage: %s\n", name, usage);
    exit(2);
}

#endif
