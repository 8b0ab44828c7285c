/* ops: what a worker does to a slot, and how each outcome is judged. */
#ifndef CELLAR_TESTS_SOAK_OPS_H
#define CELLAR_TESTS_SOAK_OPS_H

#include "soak/table.h"

/* One random operation on a slot of the worker's choice. */
void soak_ops_step(struct test_random *random, unsigned worker);

/* Many: stops early when the soak is over. They are counted. */
void soak_ops_run(struct test_random *random, unsigned worker, uint64_t n);

/* Verifies and frees the block of a slot that the caller has taken. */
void soak_ops_free(struct soak_slot *slot);

/* Verifies the block of a slot that the caller has taken; `when` is for the message. False: an error was noted. */
bool soak_ops_verify(const struct soak_slot *slot, const char *when);

/* Frees all blocks of a worker's stretch. */
void soak_ops_clear(unsigned worker);

#endif
