/*
 * user: the zones of programs (include/cellar/zone.h): hooks, limits, debugging and compaction round a zone.
 *
 *   program <-> gate shut? -> hooks, limit, reserve, debugging (zone/item.c) <-> zone (buckets, depot) <-> zone_keg -> keg
 *                                                                                            or import / release
 *
 * The fast paths ask one more question than malloc's, whether a gate is shut: two words of bits, one for allocation and one
 * for free, each bit a reason to take the general way. A zone without hooks and limits pays one load and one branch
 * for all that others can do. Free also asks the page map whether the item lies in a slab of the zone's keg, so that an
 * address that does not belong here never gets into a bucket.
 *
 * Invariants:
 *   U1  nheld is the number of items that the zone has from its keg or source: with the program, in buckets, in the depot,
 *       in the reserve.
 *   U2  while there is a limit, nused is the number of items with the program and those just being given out or taken
 *       back; nused <= max_items.
 *   U3  a keg lives as long as a zone is on its list.
 *
 * Locks: cellar__threads_lock for lists of zones, reserve and callbacks. No hook or callback is called with a lock held.
 */
#ifndef CELLAR_ZONE_USER_H
#define CELLAR_ZONE_USER_H

#include <cellar/zone.h>

#include "base/list.h"
#include "zone/thread.h"
#include "zone/zone.h"

/* Reasons for the general way. */
enum cellar__gate {
    CELLAR_GATE_HOOK = 1,    /* ctor, dtor */
    CELLAR_GATE_LIMIT = 2,   /* items are counted */
    CELLAR_GATE_DEBUG = 4,   /* free only */
    CELLAR_GATE_STOCK = 8,   /* free only: the reserve is not full */
    CELLAR_GATE_NO_KEG = 16, /* free only: nothing to compare with */
    CELLAR_GATE_SMR = 32     /* free only: readers may hold the item */
};

/* A keg, and the zones whose items come from it, the oldest first. */
struct cellar__zone_keg {
    struct cellar__keg keg;
    struct cellar__list zones; /* under cellar__threads_lock */
    bool is_fork_locked;       /* likewise */
};

struct cellar_zone {
    /* what the fast paths read; constant but for the gates, which are atomic */
    CELLAR_LINE_ALIGNED uint32_t alloc_gate;
    uint32_t free_gate;
    char *cache_home;      /* the zone's cache in the shared chunk */
    uint32_t chunk_offset; /* bytes: where a thread's record says how far from there its own is */
    struct cellar__keg *keg;

    /* constant */
    struct cellar__zone_keg *zone_keg; /* NULL: a cache zone, over source */
    struct cellar_zone_attr attr;      /* hooks and flags; what may change is below */
    struct cellar_zone_source source;
    size_t size; /* bytes an item takes */
    size_t cpu_stride;
    bool is_secondary; /* init and fini of attr run at import and release */

    struct cellar__list on_keg; /* under cellar__threads_lock */

    /* reserve, under cellar__threads_lock */
    void **stock;
    size_t nstock;
    size_t stock_room;

    struct cellar__zone base;

    /* atomic */
    CELLAR_LINE_ALIGNED size_t nheld;
    size_t nused;
    size_t max_items; /* 0: no limit */
    size_t reserve;
    uint32_t wake_count; /* futex: a change tells sleepers to look again */
    uint32_t nsleepers;
    uint64_t warned_ns;
    const char *warning;
    void (*action)(struct cellar_zone *zone, void *ctx);
    bool is_capped; /* max_cached leaves no room for a bucket */
    uint64_t nfails;
    uint64_t nsleeps;
    uint64_t nmoved;
};

CELLAR_INLINE struct cellar_zone *cellar__user_of(struct cellar__zone *base)
{
    return CELLAR_CONTAINER(base, struct cellar_zone, base);
}

CELLAR_INLINE uint32_t cellar__user_gate(const uint32_t *gate)
{
    return __atomic_load_n(gate, __ATOMIC_RELAXED);
}

/* The zone's cache in a thread's record, shared or own. */
CELLAR_INLINE struct cellar__cache *cellar__user_cache(const struct cellar_zone *zone,
                                                       struct cellar__thread *thread)
{
    ptrdiff_t distance = *(ptrdiff_t *)((char *)thread + zone->chunk_offset);
    return (struct cellar__cache *)(zone->cache_home + distance);
}

/* Whether the address lies in a slab of the zone's keg. Runs that are no slabs have no keg's address in that place. */
CELLAR_INLINE bool cellar__user_owns(const struct cellar_zone *zone, const void *item)
{
    uint32_t ref = cellar__page_map_ref(item);
    return CELLAR_LIKELY(ref != 0) && ((struct cellar__slab *)cellar__meta_ptr(ref))->keg == zone->keg;
}

/* The zone whose slab an address lies in, the oldest on its keg; NULL: none. For addresses that are not being freed. */
struct cellar_zone *cellar__user_find(const void *addr, struct cellar__slab **ret_slab);

/* As cellar_zone_create and its sisters; *ret_error is a positive errno value when they return NULL. */
struct cellar_zone *cellar__user_create(const struct cellar_zone_attr *attr, struct cellar_zone *primary,
                                        const struct cellar_zone_source *source, int *ret_error);
size_t cellar__user_destroy(struct cellar_zone *zone);

/* The same without a word about items that are still out. */
size_t cellar__user_end(struct cellar_zone *zone);

/* Items that come from and go to the keg or the source, with the hooks of a secondary zone: the zone's backend. */
size_t cellar__user_import(void *zone, void **items, size_t n);
size_t cellar__user_release(void *zone, void **items, size_t n, enum cellar__item_fault *ret_fault);

/* Takes the locks of all kegs of programs before a fork, and releases them. Under cellar__threads_lock. */
void cellar__user_fork_acquire(void);
void cellar__user_fork_release(void);

/* meta's, with signals blocked. */
void *cellar__user_meta_alloc(size_t size);
void cellar__user_meta_free(void *block, size_t size);

/* Sets or clears a bit of a gate. */
void cellar__user_shut_alloc(struct cellar_zone *zone, enum cellar__gate reason, bool shut);
void cellar__user_shut_free(struct cellar_zone *zone, enum cellar__gate reason, bool shut);

/* Fills or does not fill buckets, as flags, debugging and max_cached say together. */
void cellar__user_set_caching(struct cellar_zone *zone);

#endif
