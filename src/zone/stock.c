#include "zone/stock.h"

#include <errno.h>

#include "base/bits.h"

/* Under cellar__threads_lock. */
static void stock_set_gate(struct cellar_zone *zone)
{
    cellar__user_shut_free(zone, CELLAR_GATE_STOCK, zone->nstock < zone->stock_room);
}

void *cellar__stock_take(struct cellar_zone *zone)
{
    uint64_t mask = cellar__threads_acquire();
    void *item = zone->nstock > 0 ? zone->stock[--zone->nstock] : NULL;
    stock_set_gate(zone);
    cellar__threads_release(mask);
    cellar__zone_count_net(&zone->base, item != NULL);
    return item;
}

bool cellar__stock_put(struct cellar_zone *zone, void *item)
{
    uint64_t mask = cellar__threads_acquire();
    bool has_room = zone->nstock < zone->stock_room;
    if (has_room) {
        zone->stock[zone->nstock++] = item;
    }
    stock_set_gate(zone);
    cellar__threads_release(mask);
    cellar__zone_count_net(&zone->base, -(int64_t)has_room);
    return has_room;
}

/* Puts another array in the place of the stock; the old one, with its number of items, is the caller's. */
static void stock_exchange(struct cellar_zone *zone, void ***items, size_t *nitems, size_t *room)
{
    uint64_t mask = cellar__threads_acquire();
    void **old = zone->stock;
    size_t old_nitems = zone->nstock;
    size_t old_room = zone->stock_room;
    zone->stock = *items;
    zone->nstock = *nitems;
    zone->stock_room = *room;
    stock_set_gate(zone);
    cellar__threads_release(mask);
    *items = old;
    *nitems = old_nitems;
    *room = old_room;
}

static void stock_release(struct cellar_zone *zone, void **items, size_t nitems, size_t room)
{
    if (nitems != 0) {
        cellar__zone_release(&zone->base, items, nitems);
    }
    cellar__user_meta_free(items, room * sizeof *items);
}

/* A new stock is filled before it takes the old one's place, so that there is a reserve at every moment. */
int cellar__stock_set(struct cellar_zone *zone, size_t nitems)
{
    size_t max_items = __atomic_load_n(&zone->max_items, __ATOMIC_RELAXED);
    void **items = NULL;
    size_t got = 0;
    size_t room = nitems;
    if ((max_items != 0 && nitems >= max_items) || nitems > SIZE_MAX / sizeof *items) {
        return -EINVAL;
    }
    if (nitems != 0) {
        items = cellar__user_meta_alloc(room * sizeof *items);
        if (items == NULL) {
            return -ENOMEM;
        }
    }
    for (size_t k = 1; got < nitems && k != 0; got += k) {
        k = cellar__user_import(zone, items + got, nitems - got);
    }
    if (got < nitems) {
        stock_release(zone, items, got, room);
        return -ENOMEM;
    }
    stock_exchange(zone, &items, &got, &room);
    stock_release(zone, items, got, room);
    __atomic_store_n(&zone->reserve, nitems, __ATOMIC_RELAXED);
    return 0;
}
