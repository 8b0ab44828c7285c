/* request: the many ways to ask for a block, at random, with the promises of each checked. */
#ifndef CELLAR_TESTS_SOAK_REQUEST_H
#define CELLAR_TESTS_SOAK_REQUEST_H

#include "soak/table.h"

/* Log-uniform in four ranges, up to 1 KiB mostly, up to 64 MiB seldom; now and then 0. */
size_t soak_request_size(struct test_random *random);

/*
 * Fills the empty slot with a block of one of the calls that allocate, or leaves it empty when that was refused for a
 * fault. False: an error was noted.
 */
bool soak_request_alloc(struct soak_slot *slot, struct test_random *random, unsigned worker);

/* Takes the block as the slot's: usable size, sparse or not, pattern. */
void soak_request_keep(struct soak_slot *slot, struct soak_block block, struct test_random *random,
                       unsigned worker);

/*
 * Before a call: errno gets a value of no meaning, and the span of faults is noted. After it: a block has to leave errno
 * alone; none has to mean ENOMEM while faults were armed. False: an error was noted.
 */
struct soak_call {
    const char *name;
    size_t size;
    uint32_t span;
};

struct soak_call soak_call_begin(const char *name, size_t size);
bool soak_call_end(const struct soak_call *call, const void *block);

#endif
