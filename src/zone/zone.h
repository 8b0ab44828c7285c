/*
 * zone: a named cache of one kind of item.
 *
 *   thread's cache (two buckets)  <- whole buckets ->  depot  <- items ->  import/release: a keg, or runs
 *
 * An allocation that finds its bucket empty tries, in order: the thread's other bucket, a bucket of the depot, a
 * new filling from the zone's backend. A free that finds its bucket full: the other bucket, room in the depot, giving
 * a bucket's items back to the backend. Buckets start small and grow each time a thread goes past its own two for items, or has
 * turned them over for some times, up to the zone's bound in bytes, so a thread that allocates little keeps little. Those of a
 * thread that only frees here grow while it does so often.
 *
 * Hooks: ctor and dtor run at each allocation and free; init and fini (the keg's) once in an item's life in a slab.
 *
 * Invariants:
 *   Z1  an item is in one place: with the program, in one bucket, or in the backend.
 *   Z2  the tag of every granule that holds a zone's items is the offset of the zone's cache in a thread's record.
 *       Tag 0 for zones with ids above malloc's, whose items free finds by their slab.
 *   Z3  no cache holds more than 2 * max_items items of the zone, no depot more than its bound, but for wide zones.
 *   Z4  while a zone is pinned it is in the table and its structure lives.
 *
 * Zones that come and go (those of programs) have ids from CELLAR_THREAD_NCACHES on, which are used again. Other threads'
 * caches hold items of theirs also after the last use: who ends a zone collects these under cellar__threads_lock, and
 * who works through all zones, or ends a thread, pins the zone it is at.
 *
 * A drain of all caches is asked for by a number, the epoch, that each cache compares at its next exchange.
 *
 * Locks: none on the way of items. The table of zones and pins are under cellar__threads_lock. The backend is called
 * unlocked.
 * Out of memory: alloc returns NULL; free always succeeds: without memory for a bucket the item goes to the backend.
 * Source: FreeBSD's UMA; Bonwick and Adams, "Magazines and Vmem" (USENIX 2001).
 */
#ifndef CELLAR_ZONE_ZONE_H
#define CELLAR_ZONE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bucket/cache.h"
#include "bucket/depot.h"
#include "keg/keg.h"

struct cellar__thread;

#define CELLAR_ZONE_NAME_SIZE 24

/* Where a zone's items come from and go to. Called with no lock held, by any thread. */
struct cellar__zone_backend {
    const char *kind; /* "slab", "run": for statistics */
    /* Up to n items; the number. */
    size_t (*import)(void *source, void **items, size_t n);
    /* Takes items back; stops at the first bad one, as cellar__keg_free. */
    size_t (*release)(void *source, void **items, size_t n, enum cellar__item_fault *ret_fault);
};

extern const struct cellar__zone_backend cellar__zone_keg_backend; /* source: struct cellar__keg */

struct cellar__zone_attr {
    char name[CELLAR_ZONE_NAME_SIZE];
    size_t size;
    const struct cellar__zone_backend *backend;
    void *source;
    /* At each allocation, 0 or an error that fails it, and at each free. May be NULL. */
    int (*ctor)(void *item, size_t size, void *ctx);
    void (*dtor)(void *item, size_t size, void *ctx);
    void *ctx;
    bool
        is_swept; /* its depot loses what nobody wants any more, when somebody looks after that (arena/dirty.h) */
};

struct cellar__zone {
    /* constant */
    struct cellar__zone_attr attr;
    uint16_t id;         /* index of its cache in a thread's record; 0 is no zone */
    uint16_t max_items;  /* the most a bucket holds; atomic */
    uint16_t deep_items; /* the most a previous bucket holds, when it is_wide (zone/deep.h) */
    bool is_single;      /* its items are large, and a thread keeps one (zone/single.h) */
    bool is_wide; /* its depot and previous buckets may hold more than their bounds (exchange.h, deep.h) */
    bool is_ready;
    bool is_counted; /* each request is, as for programs' zones; else what left the buckets (docs/stats.md) */
    bool is_uncached; /* atomic: no bucket of this zone is filled */

    /* Atomic. 0 for zones that are never asked to drain; odd for the others, so that the shared caches never agree. */
    uint32_t drain_epoch;

    /* under cellar__threads_lock */
    uint32_t npins;
    bool is_hidden; /* not yet whole, or ending: nobody new may pin it */

    /* one cache line, of all threads: the depot and statistics change together, on slow paths; atomic */
    CELLAR_LINE_ALIGNED struct cellar__depot depot;
    uint64_t retired_requests; /* of threads that ended, and those no cache served */
    uint64_t nsamples;
    uint64_t sampled_requested; /* bytes the program asked for at sampled allocations */
    uint64_t retired_surplus;   /* items that ended threads had freed beyond those they allocated */
};

/* Fills the zone in and enters it under its id. The id is the caller's choice and free. */
void cellar__zone_init(struct cellar__zone *zone, uint16_t id, const struct cellar__zone_attr *attr);

/* The same under a free id from CELLAR_THREAD_NCACHES on, hidden until show. 0, or -ENOSPC when there is none. */
int cellar__zone_enter(struct cellar__zone *zone, const struct cellar__zone_attr *attr);

void cellar__zone_show(struct cellar__zone *zone);

/*
 * Takes the zone out of the table when its last pin has gone, and what all threads' caches hold of it, which goes to the
 * backend. No thread uses the zone.
 */
void cellar__zone_leave(struct cellar__zone *zone);

/* The zone with that id, or NULL. */
struct cellar__zone *cellar__zone_get(uint16_t id);

extern CELLAR_HIDDEN struct cellar__zone *cellar__zone_own_table[];

/* The same for an id below CELLAR_THREAD_NCACHES, as all of malloc's are. */
CELLAR_INLINE struct cellar__zone *cellar__zone_own(uint16_t id)
{
    return __atomic_load_n(&cellar__zone_own_table[id], __ATOMIC_ACQUIRE);
}

/* Malloc's zones by id, CELLAR_THREAD_NCACHES entries, for the inspector's record. */
struct cellar__zone *const *cellar__zone_table(void);

/* The first zone with an id of at least *id that is not hidden, pinned; *id is set to the one after. NULL: none. */
struct cellar__zone *cellar__zone_pin_next(unsigned *id);
void cellar__zone_unpin(struct cellar__zone *zone);

/* In the child after a fork: pins of threads that do not exist here are gone. */
void cellar__zone_forget_pins(void);

/* Ids in use are below this. */
uint16_t cellar__zone_id_end(void);

/* An item, or NULL: the general way, with hooks. */
void *cellar__zone_alloc(struct cellar__zone *zone);

/* Frees an item of this zone. Aborts with a message when it is none. */
void cellar__zone_free(struct cellar__zone *zone, void *item);

/* What the fast paths fall back on. No hooks. `thread` may be the shared empty record. */
void *cellar__zone_alloc_slow(struct cellar__zone *zone, struct cellar__thread *thread);
void cellar__zone_free_slow(struct cellar__zone *zone, struct cellar__thread *thread, void *item);

/* Of a wide zone: an item that waits in the calling thread's buckets or in the depot, or NULL. No hooks. */
void *cellar__zone_alloc_waiting(struct cellar__zone *zone);

/* Frees an item past the thread's buckets, to the backend at once. */
void cellar__zone_free_past(struct cellar__zone *zone, struct cellar__thread *thread, void *item);

/* One item straight from the backend, or NULL. */
void *cellar__zone_import_one(struct cellar__zone *zone);

/* Gives n items straight to the backend; aborts with a message at one that is none. */
void cellar__zone_release(struct cellar__zone *zone, void **items, size_t n);

/* Notes that the calling thread has taken items from elsewhere than its cache, or given them there (below 0). */
void cellar__zone_count_net(struct cellar__zone *zone, int64_t nitems);

/* Ends the program because of a bad free. */
_Noreturn void cellar__zone_panic(const struct cellar__zone *zone, const void *item,
                                  enum cellar__item_fault fault);

/* Up to n items from the thread's cache, the depot and the backend, in this order. Returns how many. */
size_t cellar__zone_alloc_many(struct cellar__zone *zone, void **items, size_t n);

/* What a cache held. */
struct cellar__zone_load {
    struct cellar__bucket *loaded;
    struct cellar__bucket *previous;
};

/* Takes the buckets out of the cache of a thread that ends, counts it out, and says whether there were any. */
bool cellar__zone_take_load(struct cellar__zone *zone, struct cellar__cache *cache,
                            struct cellar__zone_load *ret_load);

/* Leaves them to the depot or the backend. */
void cellar__zone_give_load(struct cellar__zone *zone, struct cellar__zone_load *load);

/* Gives the items of a cache to the depot or the backend; the cache is left at capacity zero. */
void cellar__zone_drain_cache(struct cellar__zone *zone, struct cellar__cache *cache);

/* What the calling thread's cache holds goes to the backend. */
void cellar__zone_drain_own(struct cellar__zone *zone);

/* Counts what has left the loaded bucket, of which there is one: for another owner of the cache it begins anew. */
void cellar__zone_settle_cache(const struct cellar__zone *zone, struct cellar__cache *cache);

/* Lets each thread give back what its cache holds when it next comes to a slow path. For zones that were entered. */
void cellar__zone_ask_drain(struct cellar__zone *zone);

/* Bounds depot and buckets to n items each; 0: nothing is cached. */
void cellar__zone_set_max_cached(struct cellar__zone *zone, size_t n);

/* Gives so many items of the depot back to the backend, or all when there are fewer. */
void cellar__zone_trim_depot(struct cellar__zone *zone, size_t nitems);

/* Gives back what nobody wanted of the depot since the last call, and begins anew. */
void cellar__zone_trim_idle(struct cellar__zone *zone);

/* Gives everything in the depot back to the backend. */
void cellar__zone_drain_depot(struct cellar__zone *zone);

/* From now on no bucket is filled: every operation goes to the backend at once. For modes. */
void cellar__zone_set_uncached(bool uncached);

/* Notes what a sampled allocation had asked for. Of threads that do so at one moment, one may be lost. */
void cellar__zone_sample(struct cellar__zone *zone, size_t requested);

#endif
