/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
#include "zone/single.h"

#include "fake/heap.h"
#include "test.h"

/* Four zones of large items; a backend hands out addresses that nobody touches, and counts what is out of each. */
enum { NZONES = 4, FIRST_ID = 5 };

static const size_t sizes[NZONES] = {128u << 10, 384u << 10, 512u << 10, 1u << 20};
static struct cellar__zone zones[NZONES];
static struct source {
    size_t next;
    size_t nout;
    char space[4096];
} sources[NZONES];

static size_t source_import(void *ctx, void **to, size_t n)
{
    struct source *source = ctx;
    for (size_t i = 0; i < n; i++) {
        to[i] = &source->space[source->next++ % sizeof source->space];
    }
    source->nout += n;
    return n;
}

static size_t source_release(void *ctx, void **from, size_t n, enum cellar__item_fault *ret_fault)
{
    struct source *source = ctx;
    (void)from;
    *ret_fault = CELLAR_ITEM_OK;
    source->nout -= n;
    return n;
}

static const struct cellar__zone_backend backend = {"addresses", source_import, source_release};

static struct cellar__cache *cache(size_t i)
{
    return &cellar__thread_own()->caches[zones[i].id];
}

static void start(void)
{
    static bool is_started;
    if (is_started) {
        return;
    }
    is_started = true;
    fake_heap_start();
    cellar__thread_init();
    for (size_t i = 0; i < NZONES; i++) {
        struct cellar__zone_attr attr = {
            .name = "large", .size = sizes[i], .backend = &backend, .source = &sources[i]};
        cellar__zone_init(&zones[i], (uint16_t)(FIRST_ID + i), &attr);
        CHECK(zones[i].is_single);
        while (cache(i)->capacity == 0) { /* until the thread has earned a bucket */
            cellar__zone_free(&zones[i], cellar__zone_alloc(&zones[i]));
        }
    }
}

static void use(size_t i)
{
    cellar__zone_free(&zones[i], cellar__zone_alloc(&zones[i]));
}

static size_t loaded_bytes(void)
{
    size_t bytes = 0;
    for (size_t i = 0; i < NZONES; i++) {
        bytes += cache(i)->loaded == NULL ? 0 : sizes[i];
        CHECK_PTR(cellar__cache_previous(cache(i)), NULL);
        CHECK_LE(cellar__cache_nitems(cache(i)), 1);
        CHECK_EQ(sources[i].nout, cellar__cache_nitems(cache(i)) + cellar__depot_nitems(&zones[i].depot));
    }
    return bytes;
}

TEST(small_items_are_not_single)
{
    struct cellar__zone_attr attr = {.name = "small", .size = CELLAR_SINGLE_MIN, .backend = &backend};
    static struct cellar__zone small;
    start();
    cellar__zone_init(&small, FIRST_ID + NZONES, &attr);
    CHECK(!small.is_single);
}

TEST(what_was_loaded_last_stays_as_far_as_the_bound_goes)
{
    start();
    use(0);
    use(1);
    use(2); /* 128 + 384 + 512 KiB are the bound */
    CHECK_EQ(loaded_bytes(), CELLAR_SINGLE_BYTES);
    use(3);
    CHECK_EQ(loaded_bytes(), sizes[3]);
    CHECK(cache(3)->loaded != NULL);
    use(1);
    CHECK_EQ(loaded_bytes(), sizes[1]); /* with the MiB it would be too much */
    use(0);
    use(2);
    use(0); /* from its bucket: no load */
    CHECK_EQ(loaded_bytes(), CELLAR_SINGLE_BYTES);
}

TEST(a_second_item_goes_to_the_depot)
{
    start();
    void *items[] = {cellar__zone_alloc(&zones[0]), cellar__zone_alloc(&zones[0]),
                     cellar__zone_alloc(&zones[0])};
    for (size_t i = 0; i < 3; i++) {
        cellar__zone_free(&zones[0], items[i]);
    }
    CHECK_EQ(cellar__cache_nitems(cache(0)), 1);
    CHECK_GE(cellar__depot_nitems(&zones[0].depot), 2);
    loaded_bytes();
}

/* Over many turns in all orders nothing is lost, and the bound holds after each load. */
TEST(bound_holds_in_any_order)
{
    start();
    uint32_t random = 1;
    for (size_t turn = 0; turn < 10000; turn++) {
        random = random * 1664525 + 1013904223;
        size_t i = random >> 30;
        use(i);
        CHECK(cache(i)->loaded != NULL);
        CHECK_LE(loaded_bytes(), CELLAR_SINGLE_BYTES);
    }
}

TEST_MAIN()
