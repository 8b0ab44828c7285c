/* The table of zones: ids that are used again, pins, and the collection of what threads hold of a zone that ends. */
#include <errno.h>

#include "base/assert.h"
#include "os/os.h"
#include "zone/thread.h"
#include "zone/zone_int.h"

/* How long who ends a zone waits before it looks again for pins: they are short, and nobody wakes it. */
#define TABLE_WAIT_NS UINT64_C(1000000)

/* By id, malloc's and those of programs. Atomic; changed under cellar__threads_lock. */
struct cellar__zone *cellar__zone_own_table[CELLAR_THREAD_NCACHES];
CELLAR_APART struct cellar__zone *cellar__zone_table_rest[CELLAR_THREAD_NIDS - CELLAR_THREAD_NCACHES];

static unsigned table_first_free =
    CELLAR_THREAD_NCACHES;     /* no id from NCACHES to here is free; under the lock */
static uint16_t table_end = 1; /* atomic; only rises */

static struct cellar__zone **table_at(unsigned id)
{
    return id < CELLAR_THREAD_NCACHES ? &cellar__zone_own_table[id]
                                      : &cellar__zone_table_rest[id - CELLAR_THREAD_NCACHES];
}

void cellar__zone_set_entry(unsigned id, struct cellar__zone *zone)
{
    __atomic_store_n(table_at(id), zone, __ATOMIC_RELEASE);
    if (id >= table_end) {
        __atomic_store_n(&table_end, (uint16_t)(id + 1), __ATOMIC_RELEASE);
    }
}

struct cellar__zone *cellar__zone_get(uint16_t id)
{
    return __atomic_load_n(table_at(id), __ATOMIC_ACQUIRE);
}

struct cellar__zone *const *cellar__zone_table(void)
{
    return cellar__zone_own_table;
}

uint16_t cellar__zone_id_end(void)
{
    return __atomic_load_n(&table_end, __ATOMIC_ACQUIRE);
}

int cellar__zone_enter(struct cellar__zone *zone, const struct cellar__zone_attr *attr)
{
    cellar__zone_fill(zone, attr);
    zone->drain_epoch = 1;
    zone->is_counted = true;
    uint64_t mask = cellar__threads_acquire();
    unsigned id = table_first_free;
    while (id < CELLAR_THREAD_NIDS && *table_at(id) != NULL) {
        id++;
    }
    table_first_free = id;
    if (id < CELLAR_THREAD_NIDS) {
        zone->id = (uint16_t)id;
        zone->is_hidden = true;
        cellar__zone_set_entry(id, zone);
    }
    cellar__threads_release(mask);
    return zone->id == 0 ? -ENOSPC : 0;
}

void cellar__zone_show(struct cellar__zone *zone)
{
    uint64_t mask = cellar__threads_acquire();
    zone->is_hidden = false;
    cellar__threads_release(mask);
}

struct cellar__zone *cellar__zone_pin_next(unsigned *id)
{
    struct cellar__zone *found = NULL;
    uint64_t mask = cellar__threads_acquire();
    for (; *id < table_end && found == NULL; ++*id) {
        struct cellar__zone *zone = *table_at(*id);
        if (zone != NULL && !zone->is_hidden) {
            zone->npins++;
            found = zone;
        }
    }
    cellar__threads_release(mask);
    return found;
}

void cellar__zone_unpin(struct cellar__zone *zone)
{
    uint64_t mask = cellar__threads_acquire();
    CELLAR_ASSERT(zone->npins > 0);
    zone->npins--;
    cellar__threads_release(mask);
}

void cellar__zone_forget_pins(void)
{
    for (unsigned id = CELLAR_THREAD_NCACHES; id < table_end; id++) {
        if (*table_at(id) != NULL) {
            (*table_at(id))->npins = 0;
        }
    }
}

/* Takes the buckets of the zone out of all caches, and the zone out of the table. False while it is pinned. */
static bool table_collect(struct cellar__zone *zone, struct cellar__bucket_stack *ret_buckets)
{
    struct cellar__zone_load load;
    zone->is_hidden = true;
    if (zone->npins != 0) {
        return false;
    }
    CELLAR_LIST_EACH(node, cellar__thread_list())
    {
        struct cellar__thread *thread = CELLAR_CONTAINER(node, struct cellar__thread, all);
        if (!cellar__thread_has_chunk(thread, zone->id)) {
            continue;
        }
        cellar__zone_take_load(zone, cellar__thread_cache(thread, zone->id), &load);
        if (load.loaded != NULL) {
            cellar__bucket_push(ret_buckets, load.loaded);
        }
        if (load.previous != NULL) {
            cellar__bucket_push(ret_buckets, load.previous);
        }
    }
    __atomic_store_n(table_at(zone->id), NULL, __ATOMIC_RELEASE);
    table_first_free = zone->id < table_first_free ? zone->id : table_first_free;
    return true;
}

void cellar__zone_leave(struct cellar__zone *zone)
{
    struct cellar__bucket_stack buckets = {0};
    bool is_out = false;
    while (!is_out) {
        uint64_t mask = cellar__threads_acquire();
        is_out = table_collect(zone, &buckets);
        cellar__threads_release(mask);
        if (!is_out) {
            uint32_t never = 0;
            cellar__os_wait_for(&never, 0, TABLE_WAIT_NS);
        }
    }
    for (struct cellar__bucket *bucket; (bucket = cellar__bucket_pop(&buckets)) != NULL;) {
        struct cellar__zone_load load = {.loaded = bucket};
        cellar__zone_give_load(zone, &load);
    }
    cellar__zone_drain_depot(zone);
}
