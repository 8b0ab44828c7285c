/* levels: lib */
/* Limits, reserve, what may lie ready, reclaim, and callbacks under pressure. */
#include <cellar/malloc.h>
#include <cellar/zone.h>

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#include "api/zones.h"
#include "test.h"

static void fails(struct cellar_zone *zone, unsigned flags, int error)
{
    errno = 0;
    CHECK_PTR(cellar_zone_alloc(zone, NULL, flags), NULL);
    CHECK_EQ(errno, error);
}

TEST(limit_holds)
{
    struct cellar_zone *zone =
        make((struct cellar_zone_attr){.name = "limited", .size = 64, .max_items = 10});
    void *items[20];
    CHECK_EQ(cellar_zone_alloc_batch(zone, items, 20, NULL, CELLAR_ZONE_NOWAIT), 10);
    CHECK(cellar_zone_is_exhausted(zone));
    fails(zone, CELLAR_ZONE_NOWAIT, EAGAIN);
    CHECK_EQ(stats_of(zone).fails, 1);
    CHECK_EQ(cellar_zone_set_max(zone, 9), -EBUSY);
    cellar_zone_free(zone, items[9], NULL);
    CHECK(!cellar_zone_is_exhausted(zone));
    CHECK_EQ(cellar_zone_set_max(zone, 9), 0);
    fails(zone, CELLAR_ZONE_NOWAIT, EAGAIN);
    CHECK_EQ(cellar_zone_set_max(zone, 0), 0);
    items[9] = cellar_zone_alloc(zone, NULL, 0);
    CHECK(items[9] != NULL);
    CHECK_EQ(cellar_zone_set_max(zone, 11), 0);
    CHECK_EQ(stats_of(zone).max_items, 11);
    items[10] = cellar_zone_alloc(zone, NULL, 0);
    fails(zone, CELLAR_ZONE_NOWAIT, EAGAIN);
    cellar_zone_free_batch(zone, items, 11, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST(first_limit_counts_what_is_out)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64});
    void *items[5];
    CHECK_EQ(cellar_zone_alloc_batch(zone, items, 5, NULL, 0), 5);
    CHECK_EQ(cellar_zone_set_max(zone, 4), -EBUSY);
    CHECK_EQ(cellar_zone_set_max(zone, 5), 0);
    fails(zone, CELLAR_ZONE_NOWAIT, EAGAIN);
    cellar_zone_free_batch(zone, items, 5, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

TEST(timed_sleep_ends_in_time)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64, .max_items = 1});
    void *item = cellar_zone_alloc(zone, NULL, 0);
    uint64_t begin = clock_ns();
    errno = 0;
    CHECK_PTR(cellar_zone_alloc_timed(zone, NULL, 0, 30000000), NULL);
    CHECK_EQ(errno, ETIMEDOUT);
    CHECK_GE(clock_ns() - begin, 30000000);
    CHECK_EQ(stats_of(zone).sleeps, 1);
    cellar_zone_free(zone, item, NULL);
    item = cellar_zone_alloc_timed(zone, NULL, 0, 0);
    CHECK(item != NULL);
    cellar_zone_free(zone, item, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static void *free_later(void *arg)
{
    void **pair = arg;
    while (stats_of(pair[0]).sleeps == 0) {
        usleep(1000);
    }
    cellar_zone_free(pair[0], pair[1], NULL);
    return NULL;
}

TEST(sleeper_gets_what_another_frees)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64, .max_items = 1});
    void *pair[2] = {zone, cellar_zone_alloc(zone, NULL, 0)};
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, free_later, pair), 0);
    void *item = cellar_zone_alloc(zone, NULL, 0);
    CHECK(item != NULL);
    pthread_join(thread, NULL);
    cellar_zone_free(zone, item, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static struct {
    size_t nactions;
    void *spare;
} met;

static void on_limit(struct cellar_zone *zone, void *ctx)
{
    CHECK_PTR(ctx, &met);
    met.nactions++;
    cellar_zone_free(zone, met.spare, NULL);
    met.spare = NULL;
}

TEST(action_may_free)
{
    struct cellar_zone *zone =
        make((struct cellar_zone_attr){.size = 64, .max_items = 1, .action = on_limit, .ctx = &met});
    met.spare = cellar_zone_alloc(zone, NULL, 0);
    void *item = cellar_zone_alloc(zone, NULL, 0);
    CHECK(item != NULL);
    CHECK_EQ(met.nactions, 1);
    cellar_zone_set_action(zone, NULL);
    fails(zone, CELLAR_ZONE_NOWAIT, EAGAIN);
    CHECK_EQ(met.nactions, 1);
    cellar_zone_free(zone, item, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static void meet_limit(size_t times)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){
        .name = "talks", .size = 64, .max_items = 1, .warning = "pool is too small"});
    cellar_zone_alloc(zone, NULL, 0);
    for (size_t i = 0; i < times; i++) {
        fails(zone, CELLAR_ZONE_NOWAIT, EAGAIN);
    }
    cellar_zone_set_warning(zone, NULL);
    fails(zone, CELLAR_ZONE_NOWAIT, EAGAIN);
    _exit(0);
}

TEST(warning_is_said_once)
{
    EXPECT_EXIT(meet_limit(1000), 0, "cellar: zone talks: pool is too small\n");
    EXPECT_EXIT(meet_limit(0), 0, "");
}

TEST(reserve_of_a_limit)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64, .max_items = 10, .reserve = 3});
    void *items[10];
    for (size_t i = 0; i < 7; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, CELLAR_ZONE_NOWAIT);
        CHECK(items[i] != NULL);
    }
    fails(zone, CELLAR_ZONE_NOWAIT, EAGAIN);
    for (size_t i = 7; i < 10; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, CELLAR_ZONE_NOWAIT | CELLAR_ZONE_USE_RESERVE);
        CHECK(items[i] != NULL);
    }
    fails(zone, CELLAR_ZONE_NOWAIT | CELLAR_ZONE_USE_RESERVE, EAGAIN);
    CHECK_EQ(cellar_zone_set_reserve(zone, 10), -EINVAL);
    CHECK_EQ(cellar_zone_set_max(zone, 3), -EINVAL);
    CHECK_EQ(cellar_zone_set_reserve(zone, 0), 0);
    cellar_zone_free_batch(zone, items, 10, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

/* A source that runs dry stands for memory. */
static size_t left;

static size_t dry_import(void *ctx, void **items, size_t n)
{
    (void)ctx;
    n = n < left ? n : left;
    for (size_t i = 0; i < n; i++) {
        items[i] = (void *)(1000 + left--);
    }
    return n;
}

static void dry_release(void *ctx, void **items, size_t n)
{
    (void)ctx, (void)items;
    left += n;
}

static const struct cellar_zone_source dry = {dry_import, dry_release};

TEST(reserve_for_when_memory_is_out)
{
    struct cellar_zone_attr attr = {.version = 1, .name = "dry", .reserve = 4, .flags = CELLAR_ZONE_UNCACHED};
    left = 10;
    struct cellar_zone *zone = cellar_zone_create_cache(&attr, &dry);
    void *items[10];
    CHECK_EQ(left, 6);
    for (size_t i = 0; i < 6; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, 0);
        CHECK(items[i] != NULL);
    }
    fails(zone, 0, ENOMEM);
    for (size_t i = 6; i < 10; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, CELLAR_ZONE_USE_RESERVE);
        CHECK(items[i] != NULL);
    }
    fails(zone, CELLAR_ZONE_USE_RESERVE, ENOMEM);
    cellar_zone_free(zone, items[9], NULL); /* fills the reserve first */
    fails(zone, 0, ENOMEM);
    CHECK_EQ(cellar_zone_set_reserve(zone, 5), -ENOMEM);
    items[9] = cellar_zone_alloc(zone, NULL, CELLAR_ZONE_USE_RESERVE);
    CHECK(items[9] != NULL);
    for (size_t i = 0; i < 10; i++) {
        cellar_zone_free(zone, items[i], NULL);
    }
    CHECK_EQ(left, 6);
    CHECK_EQ(stats_of(zone).cached, 4);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(left, 10);
}

static size_t nrelieved;
static struct cellar_zone *relieved_zone;

static bool relieve(void *ctx)
{
    nrelieved++;
    if (*(void **)ctx == NULL) {
        return false;
    }
    cellar_zone_free(relieved_zone, *(void **)ctx, NULL);
    *(void **)ctx = NULL;
    CHECK_PTR(cellar_zone_alloc(relieved_zone, NULL, CELLAR_ZONE_NOWAIT) == NULL ? relieved_zone : NULL,
              NULL);
    return true;
}

TEST(pressure_callback_serves_out_of_memory)
{
    struct cellar_zone_attr attr = {.version = 1, .name = "dry", .flags = CELLAR_ZONE_UNCACHED};
    void *spare;
    left = 1;
    relieved_zone = cellar_zone_create_cache(&attr, &dry);
    spare = cellar_zone_alloc(relieved_zone, NULL, 0);
    CHECK_EQ(cellar_zone_pressure_add(relieve, &spare), 0);
    nrelieved = 0;
    fails(relieved_zone, 0, ENOMEM); /* the callback itself takes what it freed */
    CHECK_EQ(nrelieved, 1);
    left = 0;
    fails(relieved_zone, 0, ENOMEM);
    CHECK_EQ(nrelieved, 2); /* and not once more from within */
    CHECK_EQ(cellar_zone_pressure_remove(relieve, &spare), 0);
    CHECK_EQ(cellar_zone_pressure_remove(relieve, &spare), -ENOENT);
    fails(relieved_zone, 0, ENOMEM);
    CHECK_EQ(nrelieved, 2);
    left++; /* the item that the callback took */
}

static bool give_up_block(void *ctx)
{
    free(*(void **)ctx);
    *(void **)ctx = NULL;
    return true;
}

static void malloc_under_limit(void)
{
    enum { BLOCK = 300 << 20 };
    void *spare = malloc(BLOCK);
    struct rlimit limit = {(size_t)500 << 20, (size_t)500 << 20};
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t npages = 0;
    CHECK_EQ(fscanf(statm, "%zu", &npages), 1);
    fclose(statm);
    limit.rlim_cur = limit.rlim_max = npages * 4096 + ((size_t)100 << 20);
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    CHECK_PTR(malloc(BLOCK), NULL);
    CHECK_EQ(cellar_zone_pressure_add(give_up_block, &spare), 0);
    CHECK(malloc(BLOCK) != NULL);
    CHECK_PTR(spare, NULL);
    _exit(0);
}

TEST(malloc_asks_the_callbacks_too)
{
    EXPECT_EXIT(malloc_under_limit(), 0, "");
}

TEST(max_cached_bounds_what_lies_ready)
{
    enum { COUNT = 2000 };
    static void *items[COUNT];
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64, .max_cached = 20});
    CHECK_EQ(cellar_zone_alloc_batch(zone, items, COUNT, NULL, 0), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        cellar_zone_free(zone, items[i], NULL);
        CHECK_LE(stats_of(zone).cached, 40);
    }
    CHECK_GT(stats_of(zone).cached, 0);
    cellar_zone_set_max_cached(zone, 0);
    void *item = cellar_zone_alloc(zone, NULL, 0);
    for (size_t i = 0; i < 60; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, 0);
    }
    cellar_zone_free_batch(zone, items, 60, NULL);
    cellar_zone_free(zone, item, NULL);
    CHECK_EQ(stats_of(zone).cached, 0);
    cellar_zone_set_max_cached(zone, 1000);
    for (size_t i = 0; i < COUNT; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, 0);
    }
    cellar_zone_free_batch(zone, items, COUNT, NULL);
    CHECK_GT(stats_of(zone).cached, 500);
    CHECK_LE(stats_of(zone).cached, 2000);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST(prealloc_is_there_and_stays)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 1000});
    CHECK_EQ(cellar_zone_prealloc(zone, 500), 0);
    CHECK_GE(stats_of(zone).free, 500);
    size_t bytes = stats_of(zone).slab_bytes;
    static void *items[500];
    CHECK_EQ(cellar_zone_alloc_batch(zone, items, 500, NULL, 0), 500);
    CHECK_EQ(stats_of(zone).slab_bytes, bytes);
    cellar_zone_free_batch(zone, items, 500, NULL);
    CHECK_EQ(stats_of(zone).slab_bytes, bytes);
    cellar_zone_reclaim(zone, CELLAR_ZONE_DRAIN_ALL);
    CHECK_EQ(stats_of(zone).slab_bytes, 0);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST(reclaim_by_degrees)
{
    enum { COUNT = 6000 };
    static void *items[COUNT];
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64});
    CHECK_EQ(cellar_zone_alloc_batch(zone, items, COUNT, NULL, 0), COUNT);
    cellar_zone_free_batch(zone, items, COUNT, NULL);
    size_t cached = stats_of(zone).cached;
    cellar_zone_reclaim(zone, CELLAR_ZONE_TRIM); /* begins the interval */
    for (size_t round = 0; round < 3; round++) { /* uses a part of what lies ready */
        CHECK_EQ(cellar_zone_alloc_batch(zone, items, 1500, NULL, 0), 1500);
        cellar_zone_free_batch(zone, items, 1500, NULL);
    }
    cellar_zone_reclaim(zone, CELLAR_ZONE_TRIM);
    size_t trimmed = stats_of(zone).cached;
    CHECK_LT(trimmed, cached);
    CHECK_GT(trimmed, 1000); /* the working set */
    cellar_zone_reclaim(zone, CELLAR_ZONE_DRAIN);
    size_t drained = stats_of(zone).cached;
    CHECK_LT(drained, trimmed);
    CHECK_GT(drained, 0); /* this thread's */
    cellar_zone_reclaim_all(CELLAR_ZONE_DRAIN_ALL);
    CHECK_EQ(stats_of(zone).cached, 0);
    CHECK_EQ(stats_of(zone).slab_bytes, 0);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST_MAIN()
