#include "zone/thread.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/bits.h"
#include "meta/meta.h"
#include "os/os.h"
#include "zone/deep.h"
#include "zone/park.h"
#include "zone/stash.h"
#include "zone/zone.h"

struct cellar__lock cellar__threads_lock = CELLAR_LOCK_INIT(CELLAR_RANK_THREADS);

#define THREAD_NCHUNKS_OWN (CELLAR_THREAD_NCACHES / CELLAR_THREAD_CHUNK) /* chunks in the record */

_Static_assert(sizeof(struct cellar__thread) <= 8192, "a record takes two pages");

CELLAR_APART struct cellar__cache cellar__thread_chunk_empty[CELLAR_THREAD_CHUNK];

CELLAR_APART const struct cellar__thread cellar__thread_empty; /* read alone: its pages have no memory */

__thread struct cellar__thread *cellar__self __attribute__((tls_model("initial-exec"))) =
    (struct cellar__thread *)&cellar__thread_empty;

/* The thread's last destructor has run, and it is to get no other record. Only slow paths look. */
static __thread bool thread_is_over __attribute__((tls_model("initial-exec")));

static void thread_ended_alone(void) {}

static struct cellar__list thread_list = CELLAR_LIST_INIT(thread_list);
size_t cellar__thread_total;
static void (*thread_ended)(void) = thread_ended_alone;
static pthread_key_t thread_key;
static bool thread_key_exists;

uint64_t cellar__threads_acquire(void)
{
    uint64_t mask = cellar__os_signals_block();
    cellar__lock_forget_held();
    cellar__lock_acquire(&cellar__threads_lock);
    return mask;
}

void cellar__threads_release(uint64_t mask)
{
    cellar__lock_release(&cellar__threads_lock);
    cellar__os_signals_restore(mask);
}

/* The zones of malloc, which are never destroyed. Those that the thread has not used are not even looked at. */
static void thread_drain(struct cellar__thread *thread)
{
    uint16_t end = (uint16_t)cellar__min(cellar__zone_id_end(), CELLAR_THREAD_NOWN);
    for (uint16_t id = 1; id < end; id++) {
        struct cellar__cache *cache = &thread->caches[id];
        if (cache->loaded != NULL || cellar__cache_previous(cache) != NULL || cache->nrequests != 0) {
            cellar__zone_drain_cache(cellar__zone_get(id), cache);
        }
    }
}

static void thread_set_chunk(struct cellar__thread *thread, unsigned i, struct cellar__cache *chunk)
{
    ptrdiff_t distance = (char *)chunk - cellar__thread_cache_home(0);
    __atomic_store_n(&thread->chunks[i], distance, __ATOMIC_RELEASE);
}

struct cellar__cache *cellar__thread_chunk_make(struct cellar__thread *thread, unsigned id)
{
    uint64_t mask = cellar__os_signals_block();
    struct cellar__cache *chunk = cellar__meta_alloc(sizeof cellar__thread_chunk_empty);
    if (chunk != NULL) {
        thread_set_chunk(thread, id >> CELLAR_THREAD_LG_CHUNK, chunk);
    }
    cellar__os_signals_restore(mask);
    return chunk == NULL ? NULL : cellar__thread_cache(thread, id);
}

/*
 * Zones of programs may be destroyed by another thread meanwhile, which looks for buckets in the caches of all threads on
 * the list. So the zone is pinned and its buckets are taken out of the cache in one hold of the lock. They are given away
 * after it.
 */
static bool thread_drain_next(struct cellar__thread *thread, unsigned *id)
{
    struct cellar__zone *zone = NULL;
    struct cellar__zone_load load;
    unsigned end = cellar__zone_id_end();
    cellar__lock_acquire(&cellar__threads_lock);
    for (; *id < end && zone == NULL; ++*id) {
        if (!cellar__thread_has_chunk(thread, *id)) {
            *id |= CELLAR_THREAD_CHUNK - 1;
            continue;
        }
        struct cellar__zone *here = cellar__zone_get((uint16_t)*id);
        if (here != NULL && cellar__zone_take_load(here, cellar__thread_cache(thread, *id), &load)) {
            zone = here;
            zone->npins++;
        }
    }
    cellar__lock_release(&cellar__threads_lock);
    if (zone == NULL) {
        return false;
    }
    cellar__zone_give_load(zone, &load);
    cellar__zone_unpin(zone);
    return true;
}

static void thread_drain_chunks(struct cellar__thread *thread)
{
    unsigned id = CELLAR_THREAD_NCACHES;
    while (thread_drain_next(thread, &id)) {
    }
}

/* The record is on no list any more. */
static void thread_free(struct cellar__thread *thread)
{
    for (unsigned id = CELLAR_THREAD_NCACHES; id < CELLAR_THREAD_NIDS; id += CELLAR_THREAD_CHUNK) {
        if (cellar__thread_has_chunk(thread, id)) {
            cellar__meta_free(cellar__thread_cache(thread, id), sizeof cellar__thread_chunk_empty);
        }
    }
    cellar__meta_free(thread, sizeof *thread);
}

static void thread_unlist(struct cellar__thread *thread)
{
    cellar__lock_acquire(&cellar__threads_lock);
    cellar__list_remove(&thread->all);
    cellar__lock_release(&cellar__threads_lock);
}

/* Empties a record that is no thread's, and gives it back. With signals blocked. */
static void thread_destroy(struct cellar__thread *thread)
{
    thread_drain(thread);
    thread_drain_chunks(thread);
    thread_unlist(thread);
    thread_free(thread);
}

/* Items of zones that may end are not kept for the next thread, nor is a record that a handler's longjmp left broken. */
static bool thread_may_park(const struct cellar__thread *thread)
{
    for (unsigned id = CELLAR_THREAD_NCACHES; id < CELLAR_THREAD_NIDS; id += CELLAR_THREAD_CHUNK) {
        if (cellar__thread_has_chunk(thread, id)) {
            return false;
        }
    }
    return cellar__self == thread;
}

void cellar__thread_forgo(void)
{
    thread_is_over = true;
    cellar__thread_detach();
}

const void *cellar__thread_local(void)
{
    const char *pointer = __builtin_thread_pointer();
    const char *self = (const char *)&cellar__self;
    const char *is_over = (const char *)&thread_is_over;
    bool is_over_near = labs(is_over - pointer) < labs(self - pointer);
    return is_over_near ? self : is_over;
}

/* Brings the counts of what has left the buckets up to date, as a drain would. */
static void thread_settle(struct cellar__thread *thread)
{
    uint16_t end = (uint16_t)cellar__min(cellar__zone_id_end(), CELLAR_THREAD_NOWN);
    for (uint16_t id = 1; id < end; id++) {
        if (thread->caches[id].loaded != NULL) {
            cellar__zone_settle_cache(cellar__zone_get(id), &thread->caches[id]);
        }
    }
}

/*
 * Runs as a destructor of thread-specific data. Other destructors, and libc itself after the last of them, may still
 * allocate and free: from here on the shared record serves them, without a cache. A record made after this point would
 * never be taken back.
 */
static void thread_end(void *arg)
{
    struct cellar__thread *thread = arg;
    bool may_park = thread_may_park(thread);
    thread_is_over = true;
    cellar__thread_detach();
    __atomic_sub_fetch(&cellar__thread_total, 1, __ATOMIC_RELAXED);
    thread->is_aged = false;
    cellar__deep_end(thread);
    cellar__stash_end(thread);
    if (may_park) {
        thread_settle(thread);
    }
    if (!may_park || !cellar__park_put(thread)) {
        uint64_t mask = cellar__os_signals_block();
        thread_destroy(thread);
        cellar__os_signals_restore(mask);
    }
    thread_ended();
}

bool cellar__thread_trim_parked(bool all)
{
    bool left = false;
    for (unsigned place = 0; place < CELLAR_PARK_NPLACES; place++) {
        struct cellar__thread *thread = cellar__park_take_at(place);
        if (thread == NULL) {
            continue;
        }
        bool is_due = all || thread->is_aged;
        thread->is_aged = true;
        if (is_due || !cellar__park_put(thread)) {
            thread_destroy(thread);
        } else {
            left = true;
        }
    }
    return left;
}

void cellar__thread_set_ended(void (*ended)(void))
{
    thread_ended = ended;
}

void cellar__thread_init(void)
{
    thread_key_exists = pthread_key_create(&thread_key, thread_end) == 0;
}

/* A record of zeros, on the list. NULL: memory is out. */
static struct cellar__thread *thread_make(void)
{
    struct cellar__thread *thread = cellar__meta_alloc(sizeof *thread);
    if (thread == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < THREAD_NCHUNKS_OWN; i++) {
        thread_set_chunk(thread, i, &thread->caches[i << CELLAR_THREAD_LG_CHUNK]);
    }
    cellar__lock_acquire(&cellar__threads_lock);
    cellar__list_append(&thread_list, &thread->all);
    cellar__lock_release(&cellar__threads_lock);
    return thread;
}

/* With signals blocked. */
static struct cellar__thread *thread_create(void)
{
    struct cellar__thread *thread = cellar__park_take();
    if (thread == NULL) {
        thread = thread_make();
    }
    if (thread == NULL) {
        return cellar__self;
    }
    __atomic_add_fetch(&cellar__thread_total, 1, __ATOMIC_RELAXED);
    cellar__self = thread;
    if (pthread_setspecific(thread_key, thread) != 0) { /* nobody would take the record back */
        thread_end(thread);
    }
    return cellar__self;
}

/* The thread has a record, yet its pointer does not lead there: a slow path was left in its middle. */
static struct cellar__thread *thread_recover(struct cellar__thread *thread)
{
    uint64_t mask = cellar__os_signals_block();
    cellar__lock_acquire(&cellar__threads_lock); /* T5: a zone that is destroyed meanwhile */
    for (unsigned id = 0; id < CELLAR_THREAD_NOWN; id++) {
        cellar__cache_mend(&thread->caches[id]);
    }
    for (unsigned id = CELLAR_THREAD_NCACHES; id < CELLAR_THREAD_NIDS; id++) {
        if (!cellar__thread_has_chunk(thread, id)) {
            id |= CELLAR_THREAD_CHUNK - 1;
            continue;
        }
        cellar__cache_mend(cellar__thread_cache(thread, id));
    }
    thread->is_relieving = false;
    __atomic_store_n(&thread->is_taking, false, __ATOMIC_RELEASE);
    cellar__lock_release(&cellar__threads_lock);
    cellar__os_signals_restore(mask);
    cellar__thread_attach(thread);
    return thread;
}

struct cellar__thread *cellar__thread_own(void)
{
    if (!cellar__thread_is_empty(cellar__self)) {
        return cellar__self;
    }
    if (!thread_key_exists || thread_is_over) {
        return cellar__self;
    }
    struct cellar__thread *thread = pthread_getspecific(thread_key);
    if (thread != NULL) {
        return thread_recover(thread);
    }
    uint64_t mask = cellar__os_signals_block();
    thread = thread_create();
    cellar__os_signals_restore(mask);
    return thread;
}

void cellar__thread_walk(void (*visit)(void *ctx, struct cellar__thread *thread), void *ctx)
{
    cellar__lock_acquire(&cellar__threads_lock);
    CELLAR_LIST_EACH(node, &thread_list)
    {
        visit(ctx, CELLAR_CONTAINER(node, struct cellar__thread, all));
    }
    cellar__lock_release(&cellar__threads_lock);
}

struct cellar__thread *cellar__thread_turn(void)
{
    struct cellar__list *first = cellar__list_pop(&thread_list);
    if (first == NULL) {
        return NULL;
    }
    cellar__list_append(&thread_list, first);
    return CELLAR_CONTAINER(first, struct cellar__thread, all);
}

const struct cellar__list *cellar__thread_list(void)
{
    return &thread_list;
}

void cellar__thread_forget_orphans(void)
{
    for (;;) {
        struct cellar__thread *orphan = NULL;
        CELLAR_LIST_EACH(node, &thread_list)
        {
            struct cellar__thread *thread = CELLAR_CONTAINER(node, struct cellar__thread, all);
            orphan = thread == cellar__self || cellar__park_has(thread) ? orphan : thread;
        }
        if (orphan == NULL) {
            break;
        }
        cellar__deep_forget(orphan);
        thread_unlist(orphan);
    }
    __atomic_store_n(&cellar__thread_total, !cellar__thread_is_empty(cellar__self), __ATOMIC_RELAXED);
}
