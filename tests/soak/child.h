/*
 * child: forks of a process whose other threads are in the middle of anything.
 *
 * A child verifies the blocks it inherited, works on alone, with faults of its own, now and then with a second thread or a
 * child of its own, and verifies the invariants of its heap. It ends with status 0, or 1 when an error was noted.
 */
#ifndef CELLAR_TESTS_SOAK_CHILD_H
#define CELLAR_TESTS_SOAK_CHILD_H

#include <stdbool.h>

#include "test.h"

/* Lets the next worker that asks fork. For the coordinator. */
void soak_child_want(void);

/* For a worker between two operations: forks when that is wanted and not too many children are at work. */
void soak_child_fork_if_wanted(struct test_random *random, unsigned worker);

/* Judges the children that have ended, or all, waiting for them. For the coordinator. */
void soak_child_reap(bool all);

#endif
