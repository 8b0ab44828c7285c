/*
 * budget: how many bytes Cellar holds for the program, and the most it may (option `limit`).
 * Runs and huge mappings are charged in full while Cellar holds them, cached ones included. Atomic, no lock.
 */
#ifndef CELLAR_ARENA_BUDGET_H
#define CELLAR_ARENA_BUDGET_H

#include <stddef.h>

/* 0, or -ENOMEM when the limit would be passed. */
int cellar__budget_charge(size_t size);
void cellar__budget_uncharge(size_t size);

void cellar__budget_set_limit(size_t limit);
size_t cellar__budget_held(void);
size_t cellar__budget_peak(void);

#endif
