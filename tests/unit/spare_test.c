/* levels: all */
#include "malloc/spare.h"

#include <stdlib.h>
#include <string.h>

#include "arena/budget.h"
#include "arena/dirty.h"
#include "large/huge.h"
#include "malloc/heap.h"
#include "test.h"
#include "zone/thread.h"

enum { NBLOCKS = 64 };

static void *blocks[NBLOCKS];

static void blocks_alloc(size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        blocks[i] = malloc(size);
        CHECK(blocks[i] != NULL);
    }
}

static void blocks_free(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(blocks[i]);
    }
}

/* Of this thread, and in the depot. */
static size_t cached(size_t size)
{
    unsigned id = cellar__class_of(size);
    return cellar__cache_nitems(&cellar__self->caches[id]) +
           cellar__depot_nitems(&cellar__heap_zone(id)->depot);
}

/* Takes all dirty memory away, and then asks as a run that no dirty one serves. */
static void spare(size_t ngranules)
{
    cellar__dirty_purge_all();
    cellar__spare(ngranules, false);
}

/* Leaves what the thread itself keeps. */
static void leave_own(size_t size)
{
    blocks_alloc(NBLOCKS, size);
    blocks_free(NBLOCKS);
    cellar__zone_drain_depot(cellar__heap_zone(cellar__class_of(size)));
    CHECK_GT(cached(size), 0);
}

TEST(what_the_thread_keeps_of_large_items_serves_others)
{
    leave_own(28000);
    size_t before = cached(28000);
    spare(4);
    CHECK_LT(cached(28000), before);
    CHECK(cellar__dirty_serves(4)); /* a whole slab became free */
}

TEST(nothing_more_is_let_go_than_serves)
{
    leave_own(28000);
    leave_own(3000);
    size_t large = cached(28000);
    size_t small = cached(3000);
    spare(4);
    CHECK_LT(cached(28000), large);
    CHECK_GT(cached(28000), 0);
    CHECK_EQ(cached(3000), small);
}

/* What is in a depot goes first. Large blocks come before the small ones, or these would be let go for their slabs. */
TEST(depots_come_before_the_thread)
{
    void *large[NBLOCKS];
    blocks_alloc(NBLOCKS, 28000);
    memcpy(large, blocks, sizeof large);
    leave_own(3000);
    size_t own = cached(3000);
    memcpy(blocks, large, sizeof large);
    blocks_free(NBLOCKS);
    size_t before = cached(28000);
    spare(4);
    CHECK(cellar__dirty_serves(4));
    CHECK_LT(cached(28000), before);
    CHECK_GT(cached(28000), 0);
    CHECK_EQ(cached(3000), own);
}

/* Of 64 MiB a part in 128 is two runs of 256 KiB. */
TEST(a_look_that_found_too_little_is_not_repeated_at_once)
{
    void *held = cellar__huge_alloc((size_t)64 << 20, 1, false);
    CHECK_GE(cellar__budget_held(), (size_t)64 << 20);
    blocks_alloc(NBLOCKS, 28000);
    for (int i = 0; i < 2; i++) { /* if the first ends a pause, the second looks; no dirty run is so long */
        spare(CELLAR_DIRTY_MAX_GRANULES + 1);
    }
    blocks_free(NBLOCKS);
    size_t before = cached(28000);
    CHECK_GT(before, 0);
    spare(4);
    CHECK_EQ(cached(28000), before);
    spare(4);
    CHECK_EQ(cached(28000), before);
    CHECK(cellar__huge_free(held));
    cellar__huge_purge_all();
    spare(4); /* what else is held may be a granule more */
    spare(4);
    CHECK_LT(cached(28000), before);
}

/* With no room left under the limit, what waits serves at once. */
TEST(at_the_limit_there_is_no_pause)
{
    void *held = cellar__huge_alloc((size_t)64 << 20, 1, false);
    blocks_alloc(NBLOCKS, 28000);
    for (int i = 0; i < 2; i++) {
        spare(CELLAR_DIRTY_MAX_GRANULES + 1);
    }
    blocks_free(NBLOCKS);
    cellar__dirty_purge_all();
    cellar__budget_set_limit(cellar__budget_held());
    void *block = malloc(120000);
    CHECK(block != NULL);
    cellar__budget_set_limit(SIZE_MAX);
    free(block);
    CHECK(cellar__huge_free(held));
    cellar__huge_purge_all();
}

/* So many in use together, then in the depot: more than one that nobody sweeps holds. */
static void fill_depot(size_t n, size_t size)
{
    void **many = malloc(n * sizeof *many);
    CHECK(many != NULL);
    for (size_t i = 0; i < n; i++) {
        many[i] = malloc(size);
        CHECK(many[i] != NULL);
    }
    for (size_t i = 0; i < n; i++) {
        free(many[i]);
    }
    free(many);
    CHECK_GT(cached(size) * size, n * size / 2);
}

TEST(the_largest_of_the_depots_are_emptied_first)
{
    fill_depot(1000, 8192);
    fill_depot(1000, 2048);
    size_t small = cached(2048);
    size_t before = cellar__dirty_bytes();
    cellar__spare_bytes((size_t)1 << 20);
    CHECK_GE(cellar__dirty_bytes(), before + ((size_t)1 << 20));
    CHECK_GT(cached(8192), 500);
    CHECK_EQ(cached(2048), small);
    cellar__spare_bytes(SIZE_MAX);
    CHECK_EQ(cellar__depot_nitems(&cellar__heap_zone(cellar__class_of(8192))->depot), 0);
    CHECK_EQ(cellar__depot_nitems(&cellar__heap_zone(cellar__class_of(2048))->depot), 0);
    CHECK_GT(cached(2048), 0); /* with the thread */
}

/* Neighbours become one again: ten smaller ones serve a larger one. */
TEST(runs_beyond_the_bound_of_their_depot_serve_larger_ones)
{
    fill_depot(100, 100000);
    struct cellar__zone *zone = cellar__heap_zone(cellar__class_of(100000));
    CHECK_GT(cellar__depot_nitems(&zone->depot), zone->depot.max_items + 10);
    cellar__dirty_purge_all();
    cellar__spare(CELLAR_CLASS_MAX >> CELLAR_LG_GRANULE, true);
    CHECK(cellar__dirty_serves(CELLAR_CLASS_MAX >> CELLAR_LG_GRANULE));
    CHECK_LE(cellar__depot_nitems(&zone->depot), zone->depot.max_items);
}

/* What is resident would else grow by the mapping, while as much lies unused. */
TEST(a_mapping_takes_the_place_of_what_depots_hold)
{
    fill_depot(4000, 8192);
    size_t before = cellar__budget_held();
    void *mapping = cellar__huge_alloc((size_t)256 << 20, 1, false); /* a peak */
    CHECK(mapping != NULL);
    struct cellar__zone *zone = cellar__heap_zone(cellar__class_of(8192));
    CHECK_LE(cached(8192), zone->depot.max_items + 2 * zone->max_items);
    CHECK_LE(cellar__budget_held(), before + ((size_t)232 << 20));
    CHECK(cellar__huge_free(mapping));
    cellar__huge_purge_all();
}

TEST(at_the_limit_a_mapping_gets_what_depots_hold)
{
    fill_depot(4000, 8192);
    cellar__budget_set_limit(cellar__budget_held());
    void *mapping = malloc((size_t)16 << 20);
    CHECK(mapping != NULL);
    void *run = aligned_alloc((size_t)1 << 18, (size_t)3 << 18); /* no dirty run is asked */
    CHECK(run != NULL);
    cellar__budget_set_limit(SIZE_MAX);
    free(run);
    free(mapping);
    cellar__huge_purge_all();
}

TEST(small_items_stay_with_the_thread)
{
    blocks_alloc(NBLOCKS, 64);
    blocks_free(NBLOCKS);
    size_t before = cached(64);
    CHECK_GT(before, 0);
    spare(16);
    CHECK_EQ(cached(64), before);
}

/* So many bytes of clean memory, in runs of the largest class. */
static void spare_bytes(size_t size)
{
    for (; size > 0; size -= CELLAR_CLASS_MAX) {
        spare(CELLAR_CLASS_MAX >> CELLAR_LG_GRANULE);
    }
}

TEST(a_huge_mapping_goes_when_as_much_clean_memory_was_taken)
{
    size_t size = 4 * CELLAR_CLASS_MAX;
    free(malloc(size));
    size_t waiting = cellar__huge_waiting_bytes();
    CHECK_GE(waiting, size);
    spare_bytes(size / 2);
    CHECK_EQ(cellar__huge_waiting_bytes(), waiting);
    spare_bytes(size / 2 + CELLAR_CLASS_MAX);
    CHECK(!cellar__huge_waits());
}

TEST(clean_memory_counts_only_while_a_mapping_waits)
{
    size_t size = 4 * CELLAR_CLASS_MAX;
    spare_bytes(2 * size);
    free(malloc(size));
    spare_bytes(size / 2);
    CHECK(cellar__huge_waits());
}

/* As for a zone of the program whose items are so large. */
TEST(a_run_beyond_the_classes_is_no_class)
{
    spare(4 * CELLAR_CLASS_MAX >> CELLAR_LG_GRANULE);
}

TEST_MAIN()
