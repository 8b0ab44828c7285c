/* levels: base os submap meta arena slab keg bucket smr zone; timeout: 240 */
/* Zones of programs under several threads: sleepers, reserve, frees from afar, ends of threads, zones that come and go. */
#include "zone/user.h"

#include <pthread.h>

#include "arena/fit.h"
#include "arena/run.h"
#include "test.h"
#include "zone/item.h"
#include "zone/reclaim.h"
#include "zone/walk.h"

enum { NTHREADS = 4, NROUNDS = 5000, NSLOTS = 64, LIMIT = 6 };

static struct cellar_zone *zone;
static uint64_t *slots[NSLOTS]; /* exchanged atomically */
static size_t nout;             /* atomic: items with the threads, counted outside alloc and free */
static size_t most_out;

static struct cellar_zone *make(struct cellar_zone_attr attr)
{
    static bool is_started;
    int error = 0;
    if (!is_started) {
        CHECK_EQ(cellar__meta_init(), 0);
        CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
        cellar__thread_init();
        is_started = true;
    }
    attr.version = CELLAR_ZONE_ATTR_VERSION;
    struct cellar_zone *made = cellar__user_create(&attr, NULL, NULL, &error);
    CHECK(made != NULL);
    return made;
}

static void *take(struct cellar_zone *from, unsigned flags)
{
    struct cellar__request request = {.flags = flags, .timeout_ns = UINT64_MAX};
    return cellar__item_alloc(from, &request);
}

static void threads_run(void *(*run)(void *), void *arg)
{
    pthread_t threads[NTHREADS];
    for (size_t i = 0; i < NTHREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, run, arg), 0);
    }
    for (size_t i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void *sleepers_run(void *arg)
{
    (void)arg;
    for (size_t round = 0; round < NROUNDS; round++) {
        void *items[2];
        size_t n = 1 + round % 2; /* two each, of six for four threads: never all stuck with one in hand */
        for (size_t i = 0; i < n; i++) {
            items[i] = take(zone, i == 0 ? 0 : CELLAR_ZONE_NOWAIT);
            n = items[i] == NULL ? i : n;
        }
        size_t out = __atomic_add_fetch(&nout, n, __ATOMIC_SEQ_CST);
        size_t most = __atomic_load_n(&most_out, __ATOMIC_RELAXED);
        while (out > most && !__atomic_compare_exchange_n(&most_out, &most, out, false, __ATOMIC_RELAXED,
                                                          __ATOMIC_RELAXED)) {
        }
        __atomic_sub_fetch(&nout, n, __ATOMIC_SEQ_CST);
        for (size_t i = 0; i < n; i++) {
            cellar__item_free(zone, items[i], NULL);
        }
    }
    return NULL;
}

TEST(limit_holds_with_sleepers)
{
    zone = make((struct cellar_zone_attr){.name = "limited", .size = 64, .max_items = 2});
    threads_run(sleepers_run, NULL);
    CHECK_LE(most_out, 2); /* U2 */
    CHECK_EQ(zone->nused, 0);
    CHECK_EQ(zone->nsleepers, 0);
    CHECK_EQ(cellar__user_destroy(zone), 0);
}

static void *exchange_run(void *arg)
{
    struct test_random random = {(uintptr_t)&random};
    (void)arg;
    for (size_t round = 0; round < NROUNDS; round++) {
        size_t slot = test_random_below(&random, NSLOTS);
        uint64_t *item = take(zone, round % 7 == 0 ? CELLAR_ZONE_USE_RESERVE : 0);
        item[0] = (uintptr_t)item;
        item = __atomic_exchange_n(&slots[slot], item, __ATOMIC_ACQ_REL);
        if (item != NULL) {
            CHECK_EQ(item[0], (uintptr_t)item);
            cellar__item_free(zone, item, NULL);
        }
        if (round % 500 == 0) {
            cellar__reclaim_zone(zone, (enum cellar_zone_reclaim)(round / 500 % 3));
        }
    }
    return NULL;
}

TEST(items_change_hands_while_others_reclaim)
{
    zone = make((struct cellar_zone_attr){.name = "shared", .size = 200, .reserve = 5});
    threads_run(exchange_run, NULL);
    for (size_t i = 0; i < NSLOTS; i++) {
        cellar__item_free(zone, slots[i], NULL);
        slots[i] = NULL;
    }
    CHECK_EQ(cellar__walk_used(zone), 0);
    CHECK_PTR(cellar__keg_check(zone->keg), NULL);
    CHECK_EQ(cellar__user_destroy(zone), 0);
}

static void *brief_run(void *arg)
{
    void *items[40];
    for (size_t i = 0; i < 40; i++) {
        items[i] = take(arg, 0);
    }
    for (size_t i = 0; i < 40; i++) {
        cellar__item_free(arg, items[i], NULL);
    }
    return NULL;
}

/* Threads end while zones that they have used are destroyed: what they held of these is found on either side. */
static void *end_of_zones(void *arg)
{
    struct cellar_zone **own = arg;
    brief_run(own[0]);
    brief_run(own[1]);
    __atomic_add_fetch(&nout, 1, __ATOMIC_RELEASE);
    return NULL;
}

TEST(threads_and_zones_end_together)
{
    for (size_t round = 0; round < 200; round++) {
        struct cellar_zone *pair[2] = {make((struct cellar_zone_attr){.size = 64}),
                                       make((struct cellar_zone_attr){.size = 300})};
        pthread_t threads[NTHREADS];
        __atomic_store_n(&nout, 0, __ATOMIC_RELAXED);
        for (size_t i = 0; i < NTHREADS; i++) {
            CHECK_EQ(pthread_create(&threads[i], NULL, end_of_zones, pair), 0);
        }
        while (__atomic_load_n(&nout, __ATOMIC_ACQUIRE) < NTHREADS) {
        }
        CHECK_EQ(cellar__user_destroy(pair[round % 2]), 0);
        CHECK_EQ(cellar__user_destroy(pair[1 - round % 2]), 0);
        for (size_t i = 0; i < NTHREADS; i++) {
            pthread_join(threads[i], NULL);
        }
    }
}

static void *own_zones_run(void *arg)
{
    (void)arg;
    for (size_t round = 0; round < 300; round++) {
        struct cellar_zone *own = make((struct cellar_zone_attr){.size = 16 + round});
        brief_run(own);
        if (round % 16 == 0) {
            cellar__reclaim_all(CELLAR_ZONE_DRAIN); /* pins the zones of others */
        }
        CHECK_EQ(cellar__user_destroy(own), 0);
    }
    return NULL;
}

TEST(zones_come_and_go_in_all_threads)
{
    make((struct cellar_zone_attr){.size = 16}); /* starts the levels */
    threads_run(own_zones_run, NULL);
}

TEST_MAIN()
