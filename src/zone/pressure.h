/* pressure: callbacks of the program that free what it can spare. */
#ifndef CELLAR_ZONE_PRESSURE_H
#define CELLAR_ZONE_PRESSURE_H

#include <stdbool.h>

/* 0 or -ENOMEM. */
int cellar__pressure_add(bool (*relieve)(void *ctx), void *ctx);

/* 0 or -ENOENT. */
int cellar__pressure_remove(bool (*relieve)(void *ctx), void *ctx);

/*
 * Calls every callback, unless one of them runs in this thread already. Whether any says that it freed something. No lock
 * is held.
 */
bool cellar__pressure_call(void);

/*
 * Memory is out: calls the callbacks and gives free items of all zones back to the heap. Whether to try again, which is
 * false within a callback.
 */
bool cellar__pressure_relieve(void);

#endif
