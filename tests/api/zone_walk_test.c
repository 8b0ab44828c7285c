/* levels: lib */
/* Looking into zones: walk, owner, statistics; debugging; compaction; forks. */
#include <cellar/malloc.h>
#include <cellar/zone.h>

#include <pthread.h>

#include "api/zones.h"
#include "test.h"

enum { COUNT = 3000 };
static uint64_t *items[COUNT];

static void fill(struct cellar_zone *zone)
{
    for (size_t i = 0; i < COUNT; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, 0);
        *items[i] = i;
    }
}

struct census {
    struct cellar_zone *zone;
    size_t count[3];
    size_t stop_at;
};

static int take_census(void *item, enum cellar_zone_state state, void *ctx)
{
    struct census *census = ctx;
    struct cellar_zone_owner owner;
    CHECK_EQ(cellar_zone_find_owner((char *)item + 3, &owner), 0);
    CHECK_PTR(owner.item, item);
    CHECK_PTR(owner.zone, census->zone);
    CHECK_EQ(owner.state, state);
    census->count[state]++;
    return census->count[state] == census->stop_at ? 77 : 0;
}

TEST(walk_sees_each_item_in_its_state)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.name = "walked", .size = 200, .reserve = 9});
    struct census census = {.zone = zone};
    fill(zone);
    for (size_t i = 0; i < COUNT; i += 3) {
        cellar_zone_free(zone, items[i], NULL);
    }
    struct cellar_zone_usage stats = stats_of(zone);
    CHECK_EQ(cellar_zone_walk(zone, take_census, &census), 0);
    CHECK_EQ(census.count[CELLAR_ZONE_LIVE], 2000);
    CHECK_EQ(census.count[CELLAR_ZONE_LIVE], stats.used);
    CHECK_EQ(census.count[CELLAR_ZONE_CACHED], stats.cached);
    CHECK_GE(stats.cached, 9);
    CHECK_EQ(census.count[CELLAR_ZONE_FREE], stats.free);
    census = (struct census){.zone = zone, .stop_at = 100};
    CHECK_EQ(cellar_zone_walk(zone, take_census, &census), 77);
}

static int free_if_live(void *item, enum cellar_zone_state state, void *ctx)
{
    if (state == CELLAR_ZONE_LIVE) {
        cellar_zone_free(ctx, item, NULL);
    }
    return 0;
}

TEST(visit_may_free)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 500});
    fill(zone);
    CHECK_EQ(cellar_zone_walk(zone, free_if_live, zone), 0);
    CHECK_EQ(stats_of(zone).used, 0);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST(owner_of_other_addresses_is_none)
{
    static char here;
    struct cellar_zone_owner owner = {.index = 5};
    void *block = malloc(100);
    void *large = malloc(100000);
    void *huge = malloc(5 << 20);
    const void *addrs[] = {NULL, &here, &owner, block, large, huge, (void *)UINTPTR_MAX};
    for (size_t i = 0; i < sizeof addrs / sizeof *addrs; i++) {
        CHECK_EQ(cellar_zone_find_owner(addrs[i], &owner), -ENOENT);
    }
    CHECK_EQ(owner.index, 5);
    free(block), free(large), free(huge);
}

static void *churn(void *arg)
{
    for (size_t i = 0; i < COUNT; i++) {
        cellar_zone_free(arg, items[i], NULL);
    }
    return NULL;
}

TEST(frees_by_another_thread_are_counted)
{
    pthread_t thread;
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64});
    fill(zone);
    CHECK_EQ(stats_of(zone).cross_frees, 0);
    CHECK_EQ(pthread_create(&thread, NULL, churn, zone), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(stats_of(zone).cross_frees, COUNT);
    CHECK_EQ(stats_of(zone).used, 0);
    fill(zone);
    churn(zone);
    CHECK_EQ(stats_of(zone).cross_frees, COUNT);
    CHECK_EQ(stats_of(zone).requests, 2 * COUNT);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static pthread_barrier_t barrier;

static void *hold_cached(void *arg)
{
    void *item = cellar_zone_alloc(arg, NULL, 0);
    cellar_zone_free(arg, item, NULL);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

/* The buckets of a thread that lives are taken by destroy; a new zone of the same id finds nothing of them there. */
TEST(destroy_collects_from_other_threads)
{
    pthread_t thread;
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, 2), 0);
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64});
    CHECK_EQ(pthread_create(&thread, NULL, hold_cached, zone), 0);
    pthread_barrier_wait(&barrier);
    CHECK_GT(stats_of(zone).cached, 0);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    struct cellar_zone *again = make((struct cellar_zone_attr){.size = 640});
    CHECK_EQ(stats_of(again).cached, 0);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    CHECK_EQ(cellar_zone_destroy(again), 0);
}

TEST(drain_of_all_reaches_a_thread_at_its_next_exchange)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 4000});
    fill(zone);
    churn(zone);
    CHECK_GT(stats_of(zone).cached, 0);
    cellar_zone_reclaim(zone, CELLAR_ZONE_DRAIN_ALL);
    CHECK_EQ(stats_of(zone).cached, 0);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static size_t ninit, nfini;

static int note_init(void *item, size_t size, void *ctx)
{
    (void)item, (void)size, (void)ctx;
    ninit++;
    return 0;
}

static void note_fini(void *item, size_t size, void *ctx)
{
    (void)item, (void)size, (void)ctx;
    nfini++;
}

TEST(debugging_goes_on_and_off)
{
    struct cellar_zone *zone =
        make((struct cellar_zone_attr){.size = 64, .init = note_init, .fini = note_fini});
    fill(zone);
    for (size_t i = 0; i < 1000; i++) {
        cellar_zone_free(zone, items[i], NULL);
    }
    CHECK_EQ(cellar_zone_set_debug(zone, true), 0);
    CHECK_EQ(stats_of(zone).cached, 0);
    ninit = nfini = 0;
    for (size_t i = 1000; i < 2000; i++) {
        cellar_zone_free(zone, items[i], NULL);
    }
    CHECK_EQ(nfini, 1000);
    for (size_t i = 0; i < 2000; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, 0);
        *items[i] = i;
    }
    CHECK_GT(ninit, 900); /* the others came from the depot, ready */
    CHECK_LE(ninit, 1000);
    CHECK_EQ(stats_of(zone).used, COUNT);
    churn(zone);
    CHECK_EQ(stats_of(zone).cached, 0);
    CHECK_EQ(cellar_zone_set_debug(zone, false), 0);
    fill(zone);
    churn(zone);
    CHECK_GT(stats_of(zone).cached, 0);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static uint64_t **places; /* of items, by the number in each */
static enum cellar_zone_answer answer;

static enum cellar_zone_answer move(void *from, void *to, size_t size, void *ctx)
{
    CHECK_PTR(ctx, &places);
    uint64_t number = *(uint64_t *)from;
    if (number >= COUNT || places[number] != from) {
        return CELLAR_ZONE_MOVE_DONT_KNOW;
    }
    if (answer == CELLAR_ZONE_MOVE_YES) {
        memcpy(to, from, size);
        places[number] = to;
    }
    return answer;
}

/* 3,000 items of 2 KiB, of which every eighth stays: the slabs of the others go. */
TEST(compaction_empties_sparse_slabs)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 2048, .move = move, .ctx = &places});
    places = items;
    fill(zone);
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 8 != 0) {
            uint64_t *item = items[i];
            items[i] = NULL;
            cellar_zone_free(zone, item, NULL);
        }
    }
    cellar_zone_reclaim(zone, CELLAR_ZONE_DRAIN_ALL);
    size_t before = stats_of(zone).slab_bytes;
    answer = CELLAR_ZONE_MOVE_NO;
    CHECK_EQ(cellar_zone_compact(zone), 0);
    answer = CELLAR_ZONE_MOVE_LATER;
    CHECK_EQ(cellar_zone_compact(zone), 0);
    CHECK_EQ(stats_of(zone).moved, 0);
    answer = CELLAR_ZONE_MOVE_YES;
    size_t gone = cellar_zone_compact(zone);
    CHECK_EQ(stats_of(zone).slab_bytes, before - gone);
    CHECK_LE(stats_of(zone).slab_bytes, COUNT / 8 * 2048 + 2 * 65536);
    CHECK_GT(stats_of(zone).moved, 0);
    for (size_t i = 0; i < COUNT; i += 8) {
        CHECK_EQ(*items[i], i);
        cellar_zone_free(zone, items[i], NULL);
    }
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST(colours_part_the_first_items_of_slabs)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 3000});
    struct cellar_zone *plain = make((struct cellar_zone_attr){.size = 3000, .flags = CELLAR_ZONE_PLAIN});
    size_t nbegins = 0;
    size_t ncoloured = 0;
    for (size_t i = 0; i < 200; i++) {
        struct cellar_zone_owner owner;
        void *item = cellar_zone_alloc(zone, NULL, 0);
        CHECK_EQ(cellar_zone_find_owner(item, &owner), 0);
        ncoloured += owner.index == 0 && (uintptr_t)item % 65536 != 0;
        item = cellar_zone_alloc(plain, NULL, 0);
        CHECK_EQ(cellar_zone_find_owner(item, &owner), 0);
        nbegins += owner.index == 0 && (uintptr_t)item % 65536 == 0;
    }
    CHECK_GT(ncoloured, 3);
    CHECK_GT(nbegins, 3);
}

TEST(statistics_of_the_library_list_zones)
{
    static char text[65536];
    struct cellar_zone *zone = make((struct cellar_zone_attr){.name = "listed", .size = 48});
    int fds[2];
    CHECK_EQ(pipe(fds), 0);
    fill(zone);
    CHECK_EQ(cellar_stats_print(fds[1], CELLAR_STATS_JSON), 0);
    CHECK_GT(read(fds[0], text, sizeof text - 1), 0);
    CHECK(
        strstr(text,
               "{\"name\":\"listed\",\"kind\":\"slab\",\"item_size\":48,\"requests\":3000,\"live\":3000,") !=
        NULL);
    churn(zone);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST(child_goes_on_with_zones)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64, .max_items = 5000});
    struct cellar_zone *second =
        cellar_zone_create_secondary(zone, &(struct cellar_zone_attr){.version = 1, .name = "second"});
    int status;
    fill(zone);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        churn(zone);
        fill(second);
        churn(second);
        bool good =
            stats_of(zone).used == 0 && cellar_zone_destroy(second) == 0 && cellar_zone_destroy(zone) == 0;
        _exit(good ? 0 : 1);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    churn(zone);
    CHECK_EQ(cellar_zone_destroy(second), 0);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST_MAIN()
