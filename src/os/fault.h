/*
 * Faults on purpose: makes the n-th call of one kind fail, so that tests reach every failure path.
 * Inactive unless a test arms it; the check is one relaxed load on paths that enter the kernel anyway.
 */
#ifndef CELLAR_OS_FAULT_H
#define CELLAR_OS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum cellar__fault {
    CELLAR_FAULT_RESERVE,
    CELLAR_FAULT_COMMIT,
    CELLAR_FAULT_PURGE,
    CELLAR_FAULT_RESIDENT,
    CELLAR_FAULT_MAP,
    CELLAR_FAULT_UNMAP,
    CELLAR_FAULT_REMAP,
    CELLAR_FAULT_THREAD,
    CELLAR_FAULT_FENCE,
    CELLAR_FAULT_COUNT
};

/* After `skip` successful calls of the kind, the next `count` fail with ENOMEM. count 0 disarms. */
void cellar__fault_arm(enum cellar__fault kind, uint32_t skip, uint32_t count);
void cellar__fault_disarm_all(void);

/* Calls of the kind since it was last armed, failed ones included. */
uint32_t cellar__fault_calls(enum cellar__fault kind);

/* For the os level: counts one call and says whether it has to fail. */
bool cellar__fault_hits(enum cellar__fault kind);

#endif
