/* levels: base os submap meta arena slab keg bucket smr zone; with: */
#include "zone/zone.h"

#include <pthread.h>

#include "arena/fit.h"
#include "arena/run.h"
#include "os/os.h"
#include "test.h"
#include "zone/reclaim.h"
#include "zone/thread.h"

enum { NTHREADS = 4, NROUNDS = 20000, NSLOTS = 256, ITEM_SIZE = 128, ZONE_ID = 4 };

static struct cellar__keg keg;
static struct cellar__zone zone;
static uint64_t *slots[NSLOTS]; /* exchanged atomically */

static void start(void)
{
    struct cellar__keg_attr keg_attr = {.size = ITEM_SIZE, .tag = ZONE_ID * sizeof(struct cellar__cache)};
    struct cellar__zone_attr attr = {
        .name = "shared", .size = ITEM_SIZE, .backend = &cellar__zone_keg_backend, .source = &keg};
    if (zone.is_ready) {
        return;
    }
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
    cellar__thread_init();
    cellar__keg_init(&keg, &keg_attr);
    cellar__zone_init(&zone, ZONE_ID, &attr);
}

/* An item's words hold its own address while it is with us: two holders would disturb each other. */
static void *item_make(void)
{
    uint64_t *item = cellar__zone_alloc(&zone);
    CHECK(item != NULL);
    for (size_t i = 0; i < ITEM_SIZE / 8; i++) {
        item[i] = (uintptr_t)item + i;
    }
    return item;
}

static void item_end(uint64_t *item)
{
    if (item == NULL) {
        return;
    }
    for (size_t i = 0; i < ITEM_SIZE / 8; i++) {
        CHECK_EQ(item[i], (uintptr_t)item + i);
        item[i] = 0;
    }
    cellar__zone_free(&zone, item);
}

static void *exchange_run(void *arg)
{
    struct test_random random = {(uintptr_t)arg};
    for (size_t round = 0; round < NROUNDS; round++) {
        size_t slot = test_random_below(&random, NSLOTS);
        item_end(__atomic_exchange_n(&slots[slot], item_make(), __ATOMIC_ACQ_REL));
    }
    return NULL;
}

static void threads_run(void *(*run)(void *), uint64_t seed)
{
    pthread_t threads[NTHREADS];
    for (size_t i = 0; i < NTHREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)(seed + i)), 0);
    }
    for (size_t i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* With the other threads gone, what is out of the keg is in the slots or in the depot. */
static void check(size_t held)
{
    CHECK_PTR(cellar__keg_check(&keg), NULL);
    cellar__thread_trim_parked(true);
    cellar__zone_drain_cache(&zone, &cellar__thread_own()->caches[ZONE_ID]);
    CHECK_EQ(keg.nout, held + cellar__depot_nitems(&zone.depot)); /* Z1 */
    CHECK_LE(cellar__depot_nitems(&zone.depot), zone.depot.max_items);
    CHECK_LE(cellar__thread_count(), 1);
}

TEST(items_freed_by_other_threads)
{
    start();
    threads_run(exchange_run, test_seed() * 100);
    size_t held = 0;
    for (size_t i = 0; i < NSLOTS; i++) {
        held += slots[i] != NULL;
    }
    check(held);
    CHECK_GE(zone.retired_requests, held);
    CHECK_LE(zone.retired_requests, (uint64_t)NTHREADS * NROUNDS);
    for (size_t i = 0; i < NSLOTS; i++) {
        item_end(slots[i]);
        slots[i] = NULL;
    }
    cellar__zone_drain_depot(&zone);
    check(0);
}

/* Bursts that go through several buckets, up and down. */
static void burst_run(struct test_random *random)
{
    static _Thread_local uint64_t *items[1000];
    size_t n = 1 + test_random_below(random, 1000);
    for (size_t i = 0; i < n; i++) {
        items[i] = item_make();
    }
    for (size_t i = 0; i < n; i++) {
        item_end(items[i]);
    }
}

static uint32_t nrunning; /* atomic */

static void *bursts_run(void *arg)
{
    struct test_random random = {(uintptr_t)arg};
    for (size_t round = 0; round < NROUNDS / 200; round++) {
        burst_run(&random);
    }
    __atomic_sub_fetch(&nrunning, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void *steal_run(void *arg)
{
    cellar__thread_forgo();
    while (__atomic_load_n(&nrunning, __ATOMIC_ACQUIRE) != 0) {
        cellar__reclaim_sleepers();
    }
    return arg;
}

TEST(previous_buckets_are_taken_from_busy_threads)
{
    pthread_t thief;
    start();
    nrunning = NTHREADS;
    CHECK_EQ(pthread_create(&thief, NULL, steal_run, NULL), 0);
    threads_run(bursts_run, test_seed() * 100 + 50);
    pthread_join(thief, NULL);
    check(0);
}

static pthread_barrier_t asleep;

static void *sleeper_run(void *arg)
{
    struct test_random random = {1};
    struct cellar__cache *cache = &cellar__thread_own()->caches[ZONE_ID];
    for (size_t i = 0; i < 20; i++) {
        burst_run(&random);
    }
    struct cellar__bucket *previous = cellar__cache_previous(cache);
    CHECK(previous != NULL);
    size_t nloaded = cellar__cache_nitems(cache) - previous->count;
    pthread_barrier_wait(&asleep);
    pthread_barrier_wait(&asleep);
    CHECK_PTR(cellar__cache_previous(cache), NULL);
    CHECK_EQ(cellar__cache_nitems(cache), nloaded);
    burst_run(&random);
    return arg;
}

TEST(the_previous_bucket_of_a_sleeper_is_taken_at_the_second_look)
{
    pthread_t sleeper;
    start();
    cellar__zone_drain_cache(&zone, &cellar__thread_own()->caches[ZONE_ID]);
    pthread_barrier_init(&asleep, NULL, 2);
    CHECK_EQ(pthread_create(&sleeper, NULL, sleeper_run, NULL), 0);
    pthread_barrier_wait(&asleep);
    size_t nout = keg.nout;
    CHECK(cellar__reclaim_sleepers());
    CHECK_EQ(keg.nout, nout);
    CHECK(!cellar__reclaim_sleepers());
    CHECK_LT(keg.nout, nout);
    CHECK(!cellar__reclaim_sleepers());
    pthread_barrier_wait(&asleep);
    pthread_join(sleeper, NULL);
    check(0);
}

/* One thread makes, another ends: every item goes through a depot or the keg. */
static void *make_run(void *arg)
{
    (void)arg;
    for (size_t round = 0; round < NROUNDS; round++) {
        uint64_t *none = NULL;
        uint64_t *item = item_make();
        while (!__atomic_compare_exchange_n(&slots[round % NSLOTS], &none, item, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_RELAXED)) {
            none = NULL;
        }
    }
    return NULL;
}

TEST(one_makes_and_another_ends)
{
    pthread_t maker;
    start();
    CHECK_EQ(pthread_create(&maker, NULL, make_run, NULL), 0);
    for (size_t round = 0; round < NROUNDS; round++) {
        uint64_t *item = NULL;
        while (item == NULL) {
            item = __atomic_exchange_n(&slots[round % NSLOTS], NULL, __ATOMIC_ACQ_REL);
        }
        item_end(item);
    }
    pthread_join(maker, NULL);
    check(0);
}

static void *brief_run(void *arg)
{
    uint64_t *items[100];
    (void)arg;
    for (size_t i = 0; i < 100; i++) {
        items[i] = item_make();
    }
    for (size_t i = 0; i < 100; i++) {
        item_end(items[i]);
    }
    return NULL;
}

TEST(thread_exit_drains)
{
    start();
    cellar__zone_drain_depot(&zone);
    for (size_t round = 0; round < 100; round++) {
        threads_run(brief_run, 0);
    }
    check(0);
    cellar__zone_drain_depot(&zone);
    CHECK_EQ(keg.nout, 0);
    CHECK_EQ(keg.nslabs, 0);
}

/* The more threads there are, the less each keeps: no more together than a few may. */
static pthread_barrier_t crowd_here;
static uint32_t crowd_kept; /* items in all caches; atomic */

static void *crowd_run(void *unused)
{
    static __thread void *items[600];
    cellar__zone_free(&zone, item_make()); /* the thread counts */
    pthread_barrier_wait(&crowd_here);
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < CELLAR_COUNTOF(items); i++) {
            items[i] = item_make();
        }
        for (size_t i = 0; i < CELLAR_COUNTOF(items); i++) {
            item_end(items[i]);
        }
    }
    __atomic_add_fetch(&crowd_kept, (uint32_t)cellar__cache_nitems(&cellar__thread_own()->caches[ZONE_ID]),
                       __ATOMIC_RELAXED);
    pthread_barrier_wait(&crowd_here);
    return unused;
}

/* Items that `nthreads` threads keep in their caches. */
static uint32_t crowd_keeps(size_t nthreads)
{
    cellar__thread_trim_parked(true);
    static pthread_t threads[256];
    crowd_kept = 0;
    pthread_barrier_init(&crowd_here, NULL, (unsigned)nthreads);
    for (size_t i = 0; i < nthreads; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, crowd_run, NULL), 0);
    }
    for (size_t i = 0; i < nthreads; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&crowd_here);
    return crowd_kept;
}

TEST(many_threads_share_what_few_may_keep)
{
    start();
    uint32_t nfew = cellar__os_machine()->ncpus <= 3 ? 6 : 2 * cellar__os_machine()->ncpus;
    uint32_t few = crowd_keeps(4);
    CHECK_GT(few, 4 * zone.max_items / 2); /* who finds buckets in the depot does not earn a larger one */
    CHECK_LE(few, 4 * 2 * zone.max_items);
    if (nfew <= 64) {
        uint32_t most = nfew * 2 * zone.max_items;
        CHECK_LE(crowd_keeps(4 * nfew - 2), most);
    }
    uint16_t max_items = zone.max_items;
    zone.max_items = 2; /* as of items of 8 KiB: of 33 threads and more none has a bucket */
    if (nfew <= 64) {
        CHECK_EQ(crowd_keeps(4 * nfew + 2), 0);
    }
    zone.max_items = max_items;
    cellar__zone_drain_depot(&zone);
    check(0);
}

enum { NSLEEPERS = 300 };

/* Has an item in a previous bucket, as when there were few threads: with so many it has no share. */
static void *napper_run(void *arg)
{
    struct cellar__cache *cache = &cellar__thread_own()->caches[ZONE_ID];
    struct cellar__bucket *bucket = cellar__bucket_get(CELLAR_BUCKET_LG_MIN, 1);
    CHECK(bucket != NULL);
    bucket->items[bucket->count++] = cellar__zone_alloc(&zone);
    CHECK(bucket->items[0] != NULL);
    cellar__bucket_put(cellar__cache_take_previous(cache));
    cellar__cache_put_previous(cache, bucket);
    pthread_barrier_wait(&asleep);
    pthread_barrier_wait(&asleep);
    CHECK_PTR(cellar__cache_previous(cache), NULL);
    return arg;
}

/* More than one look reaches: the next one goes on where it ended. */
TEST(all_of_a_crowd_are_looked_at_by_turns)
{
    static pthread_t sleepers[NSLEEPERS];
    size_t nlooks = 0;
    start();
    pthread_barrier_init(&asleep, NULL, NSLEEPERS + 1);
    for (size_t i = 0; i < NSLEEPERS; i++) {
        CHECK_EQ(pthread_create(&sleepers[i], NULL, napper_run, NULL), 0);
    }
    pthread_barrier_wait(&asleep);
    while (cellar__reclaim_sleepers()) {
        CHECK_LT(++nlooks, 20);
    }
    CHECK_GE(nlooks, 2 * NSLEEPERS / CELLAR_RECLAIM_AT_ONCE);
    pthread_barrier_wait(&asleep);
    for (size_t i = 0; i < NSLEEPERS; i++) {
        pthread_join(sleepers[i], NULL);
    }
    check(0);
}

TEST_MAIN()
