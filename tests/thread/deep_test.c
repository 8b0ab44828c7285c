/* levels: base os submap meta arena slab keg bucket smr zone; with: */
/*
 * Previous buckets are taken from threads that work with them, by one that has all threads fenced first. More threads than CPUs,
 * so that they are stopped at any place.
 */
#include "zone/deep.h"

#include <pthread.h>

#include "arena/dirty.h"
#include "arena/fit.h"
#include "arena/run.h"
#include "os/thread.h"
#include "test.h"
#include "zone/reclaim.h"
#include "zone/thread.h"

enum { NTHREADS = 6, NROUNDS = 60000, NITEMS_MAX = 60, ITEM_SIZE = 8192, ZONE_ID = 4 };

static struct cellar__keg keg;
static struct cellar__zone zone;
static uint32_t nrunning; /* atomic */

static void start(void)
{
    struct cellar__keg_attr keg_attr = {.size = ITEM_SIZE, .tag = ZONE_ID * sizeof(struct cellar__cache)};
    struct cellar__zone_attr attr = {.name = "wide",
                                     .size = ITEM_SIZE,
                                     .is_swept = true,
                                     .backend = &cellar__zone_keg_backend,
                                     .source = &keg};
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
    cellar__thread_init();
    cellar__dirty_set_swept(true);
    cellar__keg_init(&keg, &keg_attr);
    cellar__zone_init(&zone, ZONE_ID, &attr);
    CHECK(zone.is_wide);
}

/* Two holders of one item would overwrite each other's words. */
static uint64_t *item_make(uint64_t mark)
{
    uint64_t *item = cellar__zone_alloc(&zone);
    CHECK(item != NULL);
    item[0] = mark;
    item[ITEM_SIZE / 8 - 1] = mark;
    return item;
}

static void item_end(uint64_t *item, uint64_t mark)
{
    CHECK_EQ(item[0], mark);
    CHECK_EQ(item[ITEM_SIZE / 8 - 1], mark);
    cellar__zone_free(&zone, item);
}

static void *worker_run(void *arg)
{
    struct test_random random = {(uintptr_t)arg};
    uint64_t *items[NITEMS_MAX];
    for (size_t round = 0; round < NROUNDS; round++) {
        size_t n = 1 + test_random_below(&random, NITEMS_MAX);
        for (size_t i = 0; i < n; i++) {
            items[i] = item_make((uintptr_t)arg);
        }
        for (size_t i = 0; i < n; i++) {
            item_end(items[i], (uintptr_t)arg);
        }
    }
    bool is_fenced = cellar__thread_own()->is_fenced;
    CHECK_EQ(is_fenced, cellar__reclaim_is_fenced());
    __atomic_sub_fetch(&nrunning, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void *thief_run(void *arg)
{
    cellar__thread_forgo();
    while (__atomic_load_n(&nrunning, __ATOMIC_ACQUIRE) != 0) {
        cellar__reclaim_sleepers();
    }
    return arg;
}

TEST(deep_buckets_are_taken_from_busy_threads)
{
    pthread_t threads[NTHREADS];
    pthread_t thief;
    uint64_t seed = 100 * test_seed();
    start();
    cellar__reclaim_sleepers();
    CHECK_EQ(cellar__reclaim_is_fenced(), cellar__os_fence_threads());
    nrunning = NTHREADS;
    CHECK_EQ(pthread_create(&thief, NULL, thief_run, NULL), 0);
    for (size_t i = 0; i < NTHREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, worker_run, (void *)(uintptr_t)(seed + i)), 0);
    }
    for (size_t i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_join(thief, NULL);
    CHECK_PTR(cellar__keg_check(&keg), NULL);
    cellar__thread_trim_parked(true);
    cellar__zone_drain_depot(&zone);
    CHECK_EQ(keg.nout, 0); /* none was lost, none is with two */
}

TEST_MAIN()
