/* levels: lib */
/* Zones through the public header: items, hooks, kinds of zones, errors of creation. */
#include <cellar/arena.h>
#include <cellar/malloc.h>
#include <cellar/zone.h>

#include <pthread.h>

#include "api/zones.h"
#include "test.h"

struct node {
    uint64_t key;
    struct node *next;
    char text[80];
};

CELLAR_ZONE_TYPED(struct node, node)

TEST(items_are_distinct_aligned_and_counted)
{
    enum { COUNT = 5000 };
    static const size_t sizes[] = {1, 16, 24, 100, 1000, 4000, 33000, 70000};
    static uint64_t *items[COUNT];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t count = sizes[i] > 4000 ? 100 : COUNT;
        struct cellar_zone *zone = make((struct cellar_zone_attr){.name = "sizes", .size = sizes[i]});
        for (size_t j = 0; j < count; j++) {
            items[j] = cellar_zone_alloc(zone, NULL, 0);
            CHECK(items[j] != NULL);
            CHECK_EQ((uintptr_t)items[j] % 16, 0);
            memset(items[j], 0, sizes[i]);
            *items[j] = j; /* an item has 16 bytes at least */
        }
        struct cellar_zone_usage stats = stats_of(zone);
        CHECK_STR(stats.name, "sizes");
        CHECK_GE(stats.size, sizes[i]);
        CHECK_EQ(stats.used, count);
        CHECK_EQ(stats.requests, count);
        for (size_t j = 0; j < count; j++) {
            CHECK_EQ(*items[j], j);
            cellar_zone_free(zone, items[j], NULL);
        }
        CHECK_EQ(stats_of(zone).used, 0);
        CHECK_EQ(cellar_zone_destroy(zone), 0);
    }
}

TEST(alignment_holds_for_every_item)
{
    for (size_t align = 1; align <= CELLAR_ZONE_ALIGN_MAX; align *= 2) {
        void *items[300];
        struct cellar_zone *zone = make((struct cellar_zone_attr){.size = align + 8, .align = align});
        for (size_t i = 0; i < 300; i++) {
            items[i] = cellar_zone_alloc(zone, NULL, 0);
            CHECK_EQ((uintptr_t)items[i] % align, 0);
        }
        cellar_zone_free_batch(zone, items, 300, NULL);
        CHECK_EQ(cellar_zone_destroy(zone), 0);
    }
}

TEST(long_items_have_slabs_of_their_own)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.name = "long", .size = 5 << 20});
    char *items[3];
    for (size_t i = 0; i < 3; i++) {
        struct cellar_zone_owner owner;
        items[i] = cellar_zone_alloc(zone, NULL, 0);
        CHECK(items[i] != NULL);
        items[i][0] = items[i][(5 << 20) - 1] = (char)i;
        CHECK_EQ(cellar_zone_find_owner(items[i] + (5 << 20) - 1, &owner), 0);
        CHECK_PTR(owner.item, items[i]);
    }
    CHECK_EQ(stats_of(zone).slab_bytes, 15 << 20);
    for (size_t i = 0; i < 3; i++) {
        cellar_zone_free(zone, items[i], NULL);
    }
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static struct {
    size_t ninit, nfini, nctor, ndtor;
    size_t fail_init, fail_ctor; /* that call fails */
    void *arg;
    unsigned flags;
} hooks;

static int hook_init(void *item, size_t size, void *ctx)
{
    CHECK_PTR(ctx, &hooks);
    CHECK_EQ(size, 48);
    *(uint64_t *)item = 7;
    return ++hooks.ninit == hooks.fail_init;
}

static void hook_fini(void *item, size_t size, void *ctx)
{
    CHECK_PTR(ctx, &hooks);
    CHECK_EQ(size, 48);
    CHECK_EQ(*(uint64_t *)item, 7);
    hooks.nfini++;
}

static int hook_ctor(void *item, size_t size, void *arg, void *ctx, unsigned flags)
{
    CHECK(item != NULL && size == 48);
    CHECK_PTR(ctx, &hooks);
    hooks.arg = arg;
    hooks.flags = flags;
    return ++hooks.nctor == hooks.fail_ctor ? EPERM : 0;
}

static void hook_dtor(void *item, size_t size, void *arg, void *ctx)
{
    CHECK(item != NULL && size == 48);
    CHECK_PTR(ctx, &hooks);
    hooks.arg = arg;
    hooks.ndtor++;
}

static const struct cellar_zone_attr hooked = {.version = CELLAR_ZONE_ATTR_VERSION,
                                               .name = "hooked",
                                               .size = 40,
                                               .ctor = hook_ctor,
                                               .dtor = hook_dtor,
                                               .init = hook_init,
                                               .fini = hook_fini,
                                               .ctx = &hooks};

TEST(hooks_run_when_they_should)
{
    int here;
    memset(&hooks, 0, sizeof hooks);
    struct cellar_zone *zone = cellar_zone_create(&hooked);
    void *item = cellar_zone_alloc(zone, &here, CELLAR_ZONE_NOWAIT);
    CHECK_PTR(hooks.arg, &here);
    CHECK_EQ(hooks.flags, CELLAR_ZONE_NOWAIT);
    size_t ninit = hooks.ninit;
    for (size_t i = 0; i < 100; i++) {
        cellar_zone_free(zone, item, NULL);
        CHECK_PTR(hooks.arg, NULL);
        item = cellar_zone_alloc(zone, &here, 0);
        CHECK_EQ(*(uint64_t *)item, 7); /* what init left */
    }
    CHECK_EQ(hooks.ninit, ninit);
    CHECK_EQ(hooks.nctor, 101);
    CHECK_EQ(hooks.ndtor, 100);
    hooks.fail_ctor = 102;
    errno = 0;
    CHECK_PTR(cellar_zone_alloc(zone, &here, 0), NULL);
    CHECK_EQ(errno, EPERM);
    CHECK_EQ(stats_of(zone).fails, 1);
    cellar_zone_free(zone, item, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(hooks.nfini, hooks.ninit);
}

TEST(init_that_fails_costs_that_item_only)
{
    memset(&hooks, 0, sizeof hooks);
    hooks.fail_init = 3;
    struct cellar_zone *zone = cellar_zone_create(&hooked);
    void *items[40];
    for (size_t i = 0; i < 40; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, 0);
        CHECK(items[i] != NULL);
    }
    cellar_zone_free_batch(zone, items, 40, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(hooks.nfini, hooks.ninit - 1);
}

TEST(zero_clears_what_the_last_user_left)
{
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 100});
    for (size_t i = 0; i < 50; i++) {
        char *item = cellar_zone_alloc(zone, NULL, CELLAR_ZONE_ZERO);
        for (size_t j = 0; j < 100; j++) {
            CHECK_EQ(item[j], 0);
        }
        memset(item, 1, 100);
        cellar_zone_free(zone, item, NULL);
    }
    cellar_zone_free(zone, NULL, NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

static int count_ctor(void *item, size_t size, void *arg, void *ctx, unsigned flags)
{
    (void)size, (void)ctx, (void)flags;
    *(void **)item = arg;
    return 0;
}

TEST(batches_are_what_single_items_are)
{
    enum { COUNT = 3000 };
    static void *items[COUNT];
    int here;
    struct cellar_zone *zone = make((struct cellar_zone_attr){.size = 64, .ctor = count_ctor});
    for (size_t n = 0; n <= COUNT; n = n * 3 + 1) {
        CHECK_EQ(cellar_zone_alloc_batch(zone, items, n, &here, CELLAR_ZONE_ZERO), n);
        CHECK_EQ(stats_of(zone).used, n);
        for (size_t i = 0; i < n; i++) {
            CHECK_PTR(*(void **)items[i], &here);
            *(size_t *)items[i] = i;
        }
        for (size_t i = 0; i < n; i++) {
            CHECK_EQ(*(size_t *)items[i], i);
        }
        cellar_zone_free_batch(zone, items, n, NULL);
    }
    CHECK_EQ(stats_of(zone).requests, 0 + 1 + 4 + 13 + 40 + 121 + 364 + 1093);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST(typed_functions)
{
    struct cellar_zone *zone = node_zone_create(NULL);
    struct node *node = node_alloc(zone, CELLAR_ZONE_ZERO);
    CHECK_EQ(node->key, 0);
    CHECK_STR(stats_of(zone).name, "node");
    CHECK_GE(stats_of(zone).size, sizeof(struct node));
    node_free(zone, node);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

CELLAR_ZONE_STATIC(early, .name = "early", .size = 200);
static void *early_item;

__attribute__((constructor(101))) static void before_main(void)
{
    early_item = cellar_zone_alloc(cellar_zone_static_get(&early), NULL, 0);
}

TEST(static_zone_serves_before_main)
{
    CHECK(early_item != NULL);
    CHECK_EQ(stats_of(cellar_zone_static_get(&early)).used, 1);
    cellar_zone_free(cellar_zone_static_get(&early), early_item, NULL);
}

TEST(secondary_shares_slabs)
{
    memset(&hooks, 0, sizeof hooks);
    struct cellar_zone *first = make((struct cellar_zone_attr){.name = "first", .size = 40});
    struct cellar_zone *second = cellar_zone_create_secondary(first, &hooked);
    CHECK(second != NULL);
    void *one = cellar_zone_alloc(first, NULL, 0);
    void *two = cellar_zone_alloc(second, NULL, 0);
    CHECK_EQ(*(uint64_t *)two, 7);
    CHECK_EQ(stats_of(first).slab_bytes, stats_of(second).slab_bytes);
    CHECK_EQ(stats_of(first).used, 1);
    CHECK_EQ(stats_of(second).used, 1);
    struct cellar_zone_owner owner;
    CHECK_EQ(cellar_zone_find_owner(two, &owner), 0);
    CHECK_PTR(owner.zone, first);
    cellar_zone_free(first, one, NULL);
    CHECK_EQ(cellar_zone_destroy(first), 0);
    CHECK_EQ(cellar_zone_find_owner(two, &owner), 0);
    CHECK_PTR(owner.zone, second);
    cellar_zone_free(second, two, NULL);
    CHECK_EQ(cellar_zone_destroy(second), 0);
    CHECK_EQ(hooks.nfini, hooks.ninit);
}

/* A source of numbers that are no addresses. */
static struct {
    bool out[200];
    size_t nout;
} numbers;

static size_t numbers_import(void *ctx, void **items, size_t n)
{
    size_t got = 0;
    CHECK_PTR(ctx, &numbers);
    for (size_t i = 0; i < 200 && got < n; i++) {
        if (!numbers.out[i]) {
            numbers.out[i] = true;
            items[got++] = (void *)(i + 1);
        }
    }
    numbers.nout += got;
    return got;
}

static void numbers_release(void *ctx, void **items, size_t n)
{
    CHECK_PTR(ctx, &numbers);
    for (size_t i = 0; i < n; i++) {
        CHECK(numbers.out[(uintptr_t)items[i] - 1]);
        numbers.out[(uintptr_t)items[i] - 1] = false;
    }
    numbers.nout -= n;
}

static const struct cellar_zone_source numbers_source = {numbers_import, numbers_release};

TEST(cache_zone_over_a_source)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "numbers", .ctx = &numbers};
    struct cellar_zone *zone = cellar_zone_create_cache(&attr, &numbers_source);
    void *items[201];
    bool seen[201] = {false};
    CHECK(zone != NULL);
    for (size_t i = 0; i < 200; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, 0);
        CHECK(items[i] != NULL && !seen[(uintptr_t)items[i]]);
        seen[(uintptr_t)items[i]] = true;
    }
    errno = 0;
    CHECK_PTR(cellar_zone_alloc(zone, NULL, 0), NULL);
    CHECK_EQ(errno, ENOMEM);
    CHECK_EQ(cellar_zone_prealloc(zone, 1), -ENOTSUP);
    CHECK_EQ(cellar_zone_set_debug(zone, true), -ENOTSUP);
    CHECK_EQ(cellar_zone_compact(zone), 0);
    for (size_t i = 0; i < 200; i++) {
        cellar_zone_free(zone, items[i], NULL);
    }
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(numbers.nout, 0);
}

struct gift {
    struct cellar_zone *zone;
    void *item;
};

static void *gift_free(void *arg)
{
    struct gift *gift = arg;
    cellar_zone_free(gift->zone, gift->item, NULL);
    return NULL;
}

/* What an item costs is the source's affair: who frees asks it for none, also when it is this thread's first call. */
TEST(a_free_imports_nothing)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "numbers", .ctx = &numbers};
    struct gift gift = {.zone = cellar_zone_create_cache(&attr, &numbers_source)};
    pthread_t thread;
    CHECK(gift.zone != NULL);
    gift.item = cellar_zone_alloc(gift.zone, NULL, 0);
    size_t imported = numbers.nout;
    CHECK_GT(imported, 0);
    CHECK_EQ(pthread_create(&thread, NULL, gift_free, &gift), 0);
    pthread_join(thread, NULL);
    CHECK_LE(numbers.nout, imported);
    CHECK_EQ(cellar_zone_destroy(gift.zone), 0);
    CHECK_EQ(numbers.nout, 0);
}

static void refuses(struct cellar_zone_attr attr)
{
    errno = 0;
    CHECK_PTR(cellar_zone_create(&attr), NULL);
    CHECK_EQ(errno, EINVAL);
}

static enum cellar_zone_answer move_none(void *from, void *to, size_t size, void *ctx)
{
    (void)from, (void)to, (void)size, (void)ctx;
    return CELLAR_ZONE_MOVE_NO;
}

TEST(bad_attributes_are_refused)
{
    refuses((struct cellar_zone_attr){.size = 8});
    refuses((struct cellar_zone_attr){.version = 2, .size = 8});
    refuses((struct cellar_zone_attr){.version = 1});
    refuses((struct cellar_zone_attr){.version = 1, .size = CELLAR_ZONE_SIZE_MAX + 1});
    refuses((struct cellar_zone_attr){.version = 1, .size = SIZE_MAX});
    refuses((struct cellar_zone_attr){.version = 1, .size = 8, .align = 24});
    refuses((struct cellar_zone_attr){.version = 1, .size = 8, .align = 8192});
    refuses((struct cellar_zone_attr){.version = 1, .size = 8, .flags = 0x100});
    refuses((struct cellar_zone_attr){.version = 1, .size = 8, .max_items = 5, .reserve = 5});
    struct cellar_zone_attr attr = {.version = 1, .size = 8, .move = move_none};
    errno = 0;
    CHECK_PTR(cellar_zone_create_cache(&attr, &numbers_source), NULL);
    CHECK_EQ(errno, EINVAL);
    struct cellar_zone *zone = cellar_zone_create(&attr);
    CHECK_PTR(cellar_zone_create_secondary(zone, &attr), NULL);
    attr.move = NULL;
    attr.flags = CELLAR_ZONE_PER_CPU;
    CHECK_PTR(cellar_zone_create_secondary(zone, &attr), NULL);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

/* Ids are used again, and what a zone left in this thread's record is not found by the next. */
TEST(thousands_of_zones_come_and_go)
{
    enum { COUNT = 9000 };
    static struct cellar_zone *zones[COUNT];
    for (size_t round = 0; round < 2; round++) {
        size_t n = 0;
        while (n < COUNT) {
            struct cellar_zone_attr attr = {.version = 1, .size = 16 + n % 100};
            errno = 0;
            zones[n] = cellar_zone_create(&attr);
            if (zones[n] == NULL) {
                break;
            }
            void *item = cellar_zone_alloc(zones[n], NULL, 0);
            CHECK(item != NULL);
            cellar_zone_free(zones[n], item, NULL);
            CHECK_EQ(stats_of(zones[n]).requests, 1);
            n++;
        }
        CHECK_EQ(errno, ENOSPC);
        CHECK_GE(n, 8000);
        while (n > 0) {
            CHECK_EQ(cellar_zone_destroy(zones[--n]), 0);
        }
    }
}

TEST(a_zone_over_an_arena_takes_its_items_from_there)
{
    struct cellar_arena_attr source = {.version = CELLAR_ARENA_VERSION,
                                       .name = "pages",
                                       .quantum = 64,
                                       .import = cellar_arena_map_pages,
                                       .release = cellar_arena_unmap_pages};
    struct cellar_arena *arena;
    struct cellar_arena_usage usage;
    void *items[300];
    CHECK_EQ(cellar_arena_create(&source, &arena), 0);
    memset(&hooks, 0, sizeof hooks);
    struct cellar_zone_attr attr = hooked;
    attr.arena = arena;
    struct cellar_zone *zone = make(attr);
    for (size_t i = 0; i < 300; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, 0);
        CHECK(items[i] != NULL && (uintptr_t)items[i] % 64 == 0);
        CHECK_EQ(*(uint64_t *)items[i], 7); /* as init has left it */
        CHECK(cellar_arena_contains(arena, (uintptr_t)items[i], 48));
    }
    cellar_arena_get_usage(arena, &usage);
    CHECK_GE(usage.allocated, 300 * 64);
    CHECK_GE(hooks.ninit, 300);
    for (size_t i = 0; i < 300; i++) {
        cellar_zone_free(zone, items[i], NULL);
    }
    CHECK_EQ(cellar_zone_destroy(zone), 0);
    CHECK_EQ(hooks.nfini, hooks.ninit);
    CHECK_EQ(cellar_arena_destroy(arena, NULL, NULL), 0);
    attr.flags = CELLAR_ZONE_PER_CPU;
    CHECK_PTR(cellar_zone_create(&attr), NULL);
    CHECK_EQ(errno, EINVAL);
}

static int find_zone(struct cellar_zone *zone, void *ctx)
{
    return zone == ctx ? 5 : 0;
}

TEST(foreach_visits_each)
{
    struct cellar_zone *one = make((struct cellar_zone_attr){.size = 8});
    struct cellar_zone *two = make((struct cellar_zone_attr){.size = 8});
    CHECK_EQ(cellar_zone_foreach(find_zone, one), 5);
    CHECK_EQ(cellar_zone_foreach(find_zone, two), 5);
    CHECK_EQ(cellar_zone_destroy(two), 0);
    CHECK_EQ(cellar_zone_foreach(find_zone, two), 0);
    CHECK_EQ(cellar_zone_destroy(one), 0);
}

TEST(free_takes_an_item_too)
{
    memset(&hooks, 0, sizeof hooks);
    struct cellar_zone *zone = cellar_zone_create(&hooked);
    void *item = cellar_zone_alloc(zone, NULL, 0);
    CHECK_EQ(malloc_usable_size(item), 48);
    free(item);
    CHECK_EQ(hooks.ndtor, 1);
    CHECK_EQ(stats_of(zone).used, 0);
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST(copies_for_each_cpu)
{
    struct cellar_zone *zone =
        make((struct cellar_zone_attr){.name = "percpu", .size = 24, .flags = CELLAR_ZONE_PER_CPU});
    unsigned ncpus = cellar_zone_cpu_count();
    uint64_t *items[20];
    for (size_t i = 0; i < 20; i++) {
        items[i] = cellar_zone_alloc(zone, NULL, CELLAR_ZONE_ZERO);
        for (unsigned cpu = 0; cpu < ncpus; cpu++) {
            uint64_t *copy = cellar_zone_cpu_item(zone, items[i], cpu);
            CHECK_EQ(*copy, 0);
            CHECK_EQ((uintptr_t)copy % 64, 0);
            *copy = i * ncpus + cpu + 1;
        }
        uint64_t here = *(uint64_t *)cellar_zone_cpu_current(zone, items[i]);
        CHECK(here > i * ncpus && here <= (i + 1) * ncpus);
    }
    for (size_t i = 0; i < 20; i++) {
        for (unsigned cpu = 0; cpu < ncpus; cpu++) {
            CHECK_EQ(*(uint64_t *)cellar_zone_cpu_item(zone, items[i], cpu), i * ncpus + cpu + 1);
        }
        cellar_zone_free(zone, items[i], NULL);
    }
    CHECK_EQ(cellar_zone_destroy(zone), 0);
}

TEST_MAIN()
