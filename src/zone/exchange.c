#include "zone/exchange.h"

bool cellar__exchange_put_beyond(struct cellar__zone *zone, struct cellar__bucket *bucket, size_t bytes)
{
    bool is_left = !cellar__dirty_is_full() && cellar__depot_put(&zone->depot, bucket, true);
    if (!is_left) {
        cellar__dirty_count_waiting(-bytes);
    }
    return is_left;
}
