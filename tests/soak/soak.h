/*
 * soak: random work on malloc for as long as one likes, with every byte accounted for.
 *
 *   supervisor ---fork---> soaked process: coordinator, workers, fault thread
 *       |                        |  fork
 *   progress, hangs,             +-----> children: verify what they inherit, work on alone
 *   the summary                           |  fork
 *       |                                 +-----> grandchildren
 *       +------------ counters and the first error, in shared memory ------------+
 *
 * All blocks are in one table (soak/table.h). Workers take slots of it, allocate, resize, verify and free; a slot that was
 * another's is a block handed over. While they do, the fault thread makes system calls of the library fail
 * (soak/faults.h), and now and then everything rests and the library's invariants and accounts are compared with the
 * table (soak/quiet.h). The first error ends the soak. Nothing of the soak itself is allocated.
 */
#ifndef CELLAR_TESTS_SOAK_SOAK_H
#define CELLAR_TESTS_SOAK_SOAK_H

#include <stddef.h>
#include <stdint.h>

#include "soak/plant.h"

struct soak_options {
    uint64_t seed;
    unsigned seconds;
    unsigned nthreads;     /* workers at a time */
    size_t memory;         /* bytes in blocks, at the most */
    unsigned patience;     /* seconds without any operation that count as a hang */
    unsigned report;       /* seconds between two lines of progress; 0: none */
    enum soak_plant plant; /* a defect that has to be found */
};

/* What was done. */
struct soak_counts {
    uint64_t noperations;
    uint64_t nforks;
    uint64_t nthreads;
    uint64_t nfaults;   /* system calls that were made to fail */
    uint64_t nrefused;  /* requests that failed for that */
    uint64_t nhandover; /* blocks verified by another thread than wrote them */
    uint64_t nquiet;    /* times that all invariants were verified */
    uint64_t nerrors;
};

struct soak_result {
    struct soak_counts counts;
    char error[256]; /* the first one */
};

/* Runs it, in a process of its own. */
void soak_run(const struct soak_options *options, struct soak_result *ret_result);

/* Makes a soak that runs end early. Async-signal-safe. */
void soak_stop(void);

/* What all but options.plant and the seed are unless said. */
struct soak_options soak_options_default(void);

#endif
