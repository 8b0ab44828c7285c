/* What the tests of zones share. */
#ifndef CELLAR_TESTS_API_ZONES_H
#define CELLAR_TESTS_API_ZONES_H

#include <cellar/zone.h>

#include "test.h"

static inline struct cellar_zone *make(struct cellar_zone_attr attr)
{
    attr.version = CELLAR_ZONE_ATTR_VERSION;
    struct cellar_zone *zone = cellar_zone_create(&attr);
    CHECK(zone != NULL);
    return zone;
}

static inline struct cellar_zone_usage stats_of(struct cellar_zone *zone)
{
    struct cellar_zone_usage stats;
    cellar_zone_get_usage(zone, &stats);
    CHECK_PTR(cellar_zone_check(zone), NULL);
    return stats;
}

#endif
