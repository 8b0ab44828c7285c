/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
/* The table of zones: ids that are used again, pins, and the end of a zone. */
#include "fake/heap.h"
#include "test.h"
#include "zone/thread.h"
#include "zone/zone.h"

static size_t nout;
static char space[100][16];

static size_t import(void *source, void **items, size_t n)
{
    (void)source;
    for (size_t i = 0; i < n; i++) {
        items[i] = space[nout++];
    }
    return n;
}

static size_t release(void *source, void **items, size_t n, enum cellar__item_fault *ret_fault)
{
    (void)source, (void)items;
    *ret_fault = CELLAR_ITEM_OK;
    nout -= n;
    return n;
}

static const struct cellar__zone_backend backend = {"array", import, release};
static const struct cellar__zone_attr attr = {.name = "entered", .size = 1024, .backend = &backend};

TEST(ids_begin_behind_mallocs_and_are_used_again)
{
    static struct cellar__zone zones[3];
    fake_heap_start();
    cellar__thread_init();
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(cellar__zone_enter(&zones[i], &attr), 0);
        CHECK_EQ(zones[i].id, CELLAR_THREAD_NCACHES + i);
    }
    cellar__zone_leave(&zones[1]);
    CHECK_PTR(cellar__zone_get(CELLAR_THREAD_NCACHES + 1), NULL);
    CHECK_EQ(cellar__zone_enter(&zones[1], &attr), 0);
    CHECK_EQ(zones[1].id, CELLAR_THREAD_NCACHES + 1);
    for (unsigned i = 0; i < 3; i++) {
        cellar__zone_leave(&zones[i]);
    }
}

TEST(hidden_zones_are_not_pinned)
{
    static struct cellar__zone zone;
    unsigned id = CELLAR_THREAD_NCACHES;
    CHECK_EQ(cellar__zone_enter(&zone, &attr), 0);
    CHECK_PTR(cellar__zone_pin_next(&id), NULL);
    cellar__zone_show(&zone);
    id = CELLAR_THREAD_NCACHES;
    CHECK_PTR(cellar__zone_pin_next(&id), &zone);
    CHECK_EQ(zone.npins, 1);
    CHECK_PTR(cellar__zone_pin_next(&id), NULL);
    cellar__zone_unpin(&zone);
    CHECK_EQ(zone.npins, 0);
    cellar__zone_leave(&zone);
}

TEST(table_has_an_end)
{
    static struct cellar__zone zones[CELLAR_THREAD_NIDS - CELLAR_THREAD_NCACHES];
    static struct cellar__zone one_more;
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        CHECK_EQ(cellar__zone_enter(&zones[i], &attr), 0);
    }
    CHECK_EQ(cellar__zone_enter(&one_more, &attr), -ENOSPC);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        cellar__zone_leave(&zones[i]);
    }
}

/* What the cache holds goes back, and the zone's place in the record is as it was at first. */
TEST(leave_empties_caches)
{
    static struct cellar__zone zone;
    CHECK_EQ(cellar__zone_enter(&zone, &attr), 0);
    void *item = cellar__zone_alloc(&zone);
    CHECK(item != NULL);
    cellar__zone_free(&zone, item);
    struct cellar__cache *cache = cellar__thread_cache(cellar__thread_own(), zone.id);
    CHECK_GT(cellar__cache_nitems(cache), 0);
    CHECK_EQ(cache->epoch, zone.drain_epoch);
    cellar__zone_leave(&zone);
    CHECK_EQ(nout, 0);
    CHECK_EQ(cellar__cache_nitems(cache), 0);
    CHECK_EQ(cache->capacity, 0);
    CHECK_EQ(cache->epoch, 0);
    CHECK_EQ(zone.retired_requests, 1);
}

TEST(asked_drain_is_followed_at_the_next_slow_path)
{
    static struct cellar__zone zone;
    void *items[3];
    CHECK_EQ(cellar__zone_enter(&zone, &attr), 0);
    CHECK_EQ(cellar__zone_alloc_many(&zone, items, 3), 3);
    for (size_t i = 0; i < 3; i++) {
        cellar__zone_free(&zone, items[i]);
    }
    cellar__zone_ask_drain(&zone);
    CHECK_EQ(cellar__zone_alloc_many(&zone, items, 2), 2);
    CHECK_EQ(nout, 2); /* the three went back first */
    cellar__zone_release(&zone, items, 2);
    cellar__zone_leave(&zone);
    CHECK_EQ(nout, 0);
}

TEST_MAIN()
