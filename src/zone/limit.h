/* limit: how many items may be out, who sleeps for one, and what a zone says when it is met. */
#ifndef CELLAR_ZONE_LIMIT_H
#define CELLAR_ZONE_LIMIT_H

#include "zone/user.h"

/* One allocation of the program. */
struct cellar__request {
    void *arg;
    unsigned flags;
    uint64_t timeout_ns; /* to sleep at the limit; UINT64_MAX: as long as it takes */
    int error;           /* a positive errno value, once it has failed */
};

/*
 * Counts up to n items as used, of a zone with a limit: at least one, after sleeping for it if the request allows, else 0
 * with the request's error.
 */
size_t cellar__limit_take(struct cellar_zone *zone, size_t n, struct cellar__request *request);

/* Counts them back, and wakes who sleeps. */
void cellar__limit_give(struct cellar_zone *zone, size_t n);

/* What the calls of those names do. 0 or -errno. */
int cellar__limit_set(struct cellar_zone *zone, size_t max_items);
void cellar__limit_set_cached(struct cellar_zone *zone, size_t max_cached);
bool cellar__limit_is_exhausted(const struct cellar_zone *zone);

#endif
