/* levels: api */
/* Public arenas: what their contract promises, and what it refuses. Random operations are in model/arena_test.c. */
#include <cellar/arena.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static struct cellar_arena_attr attr_of(enum cellar_fit fit)
{
    return (struct cellar_arena_attr){
        .version = CELLAR_ARENA_VERSION, .name = "test", .fit = fit, .quantum = 16};
}

static struct cellar_arena *create(const struct cellar_arena_attr *attr)
{
    struct cellar_arena *arena = NULL;
    CHECK_EQ(cellar_arena_create(attr, &arena), 0);
    return arena;
}

/* An arena with the span [0x1000, 0x1000 + size). */
static struct cellar_arena *create_with(enum cellar_fit fit, uint64_t size)
{
    struct cellar_arena_attr attr = attr_of(fit);
    struct cellar_arena *arena = create(&attr);
    CHECK_EQ(cellar_arena_add(arena, 0x1000, size), 0);
    return arena;
}

static uint64_t alloc(struct cellar_arena *arena, uint64_t size)
{
    uint64_t base = UINT64_MAX;
    CHECK_EQ(cellar_arena_alloc(arena, size, &base), 0);
    CHECK_STR(cellar_arena_check(arena) ? cellar_arena_check(arena) : "", "");
    return base;
}

static void see_nothing(void *ctx, const struct cellar_arena_range *range)
{
    (void)ctx;
    CHECK(range->out);
}

static void end(struct cellar_arena *arena, size_t nleft)
{
    size_t count = cellar_arena_destroy(arena, NULL, NULL);
    CHECK_EQ(count, nleft);
}

#define CHECK_REFUSED(...)                                                                                   \
    do {                                                                                                     \
        struct cellar_arena_attr attr_ = {__VA_ARGS__};                                                      \
        struct cellar_arena *none_ = NULL;                                                                   \
        CHECK_EQ(cellar_arena_create(&attr_, &none_), -EINVAL);                                              \
        CHECK_PTR(none_, NULL);                                                                              \
    } while (0)

static int import_nothing(void *ctx, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    (void)ctx;
    (void)size;
    (void)ret_base;
    (void)ret_size;
    return -ENOMEM;
}

static void release_nothing(void *ctx, uint64_t base, uint64_t size)
{
    (void)ctx;
    (void)base;
    (void)size;
}

TEST(create_refuses_what_makes_no_sense)
{
    struct cellar_arena *other = create_with(CELLAR_FIT_DEFAULT, 4096);
    CHECK_REFUSED(.version = 0, .name = "x");
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION + 1, .name = "x");
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .flags = 4);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .quantum = 3);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .fit = CELLAR_FIT_LIFO + 1);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .sizing = CELLAR_SIZE_POW2 + 1);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .sizing = CELLAR_SIZE_CONSTANT);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .unit = 16);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .import_quantum = 48);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .release = release_nothing);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .source = other, .import = import_nothing);
    CHECK_REFUSED(.version = CELLAR_ARENA_VERSION, .name = "x", .source = other, .quantum = 32);
    end(other, 0);
}

TEST(bad_calls_change_nothing)
{
    struct cellar_arena *arena = create_with(CELLAR_FIT_DEFAULT, 4096);
    uint64_t one = alloc(arena, 100);
    uint64_t base = 7;
    struct cellar_arena_request by_fifo = {.size = 16, .fit = CELLAR_FIT_FIFO};
    struct cellar_arena_request skewed = {.size = 16, .align = 48};
    CHECK_EQ(cellar_arena_add(arena, 0x1010, 16), -EEXIST);
    CHECK_EQ(cellar_arena_add(arena, 0x8, 16), -EINVAL);
    CHECK_EQ(cellar_arena_add(arena, 0x10000, 0), -EINVAL);
    CHECK_EQ(cellar_arena_add(arena, UINT64_MAX - 15, 32), -EINVAL);
    CHECK_EQ(cellar_arena_alloc(arena, 0, &base), -EINVAL);
    CHECK_EQ(cellar_arena_alloc(arena, 8192, &base), -ENOMEM);
    CHECK_EQ(cellar_arena_alloc(arena, UINT64_MAX, &base), -ENOMEM);
    CHECK_EQ(cellar_arena_xalloc(arena, &by_fifo, &base), -EINVAL);
    CHECK_EQ(cellar_arena_xalloc(arena, &skewed, &base), -EINVAL);
    CHECK_EQ(base, 7);
    CHECK_EQ(cellar_arena_free(arena, one + 16, 100), -EINVAL); /* not the begin of a range */
    CHECK_EQ(cellar_arena_free(arena, one, 200), -EINVAL);
    CHECK_EQ(cellar_arena_free(arena, 0x99999, 16), -EINVAL);
    CHECK_EQ(cellar_arena_set_limit(arena, 100), -EBUSY);
    CHECK_EQ(cellar_arena_free(arena, one, 100), 0);
    CHECK_EQ(cellar_arena_free(arena, one, 100), -EINVAL); /* twice */
    CHECK_EQ(cellar_arena_resize(arena, one, 100, 200), -EINVAL);
    CHECK_EQ(cellar_arena_split(arena, one, 112, 16), -EINVAL);
    end(arena, 0);
    CHECK_EQ(cellar_arena_destroy(NULL, NULL, NULL), 0);
}

/* Free ranges of 15 and, younger, nine of 8 quanta: to instant fit one list, of which it looks at the first eight. */
static int alloc_the_oldest(uint32_t flags)
{
    struct cellar_arena_attr attr = attr_of(CELLAR_FIT_INSTANT);
    uint64_t bases[10], mark, base;
    attr.flags = flags;
    struct cellar_arena *arena = create(&attr);
    CHECK_EQ(cellar_arena_add(arena, 0, (15 + 9 * 8 + 10) * 16), 0);
    for (int i = 0; i < 10; i++) {
        bases[i] = alloc(arena, i == 0 ? 15 * 16 : 8 * 16);
        mark = alloc(arena, 16);
    }
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(cellar_arena_free(arena, bases[i], i == 0 ? 15 * 16 : 8 * 16), 0);
    }
    int status = cellar_arena_alloc(arena, 15 * 16, &base);
    CHECK(status != 0 || base == bases[0]);
    CHECK_EQ(cellar_arena_free(arena, mark, 16), 0);
    cellar_arena_destroy(arena, see_nothing, NULL);
    return status;
}

TEST(a_bounded_arena_never_looks_at_every_range)
{
    CHECK_EQ(alloc_the_oldest(0), 0);
    CHECK_EQ(alloc_the_oldest(CELLAR_ARENA_BOUNDED), -ENOMEM);
}

TEST(a_limit_holds_until_it_is_raised)
{
    struct cellar_arena_attr attr = attr_of(CELLAR_FIT_DEFAULT);
    attr.limit = 160;
    struct cellar_arena *arena = create(&attr);
    uint64_t base;
    CHECK_EQ(cellar_arena_add(arena, 0, 4096), 0);
    uint64_t one = alloc(arena, 100);
    CHECK_EQ(cellar_arena_alloc(arena, 64, &base), -ENOMEM);
    CHECK_EQ(cellar_arena_resize(arena, one, 100, 176), -ENOMEM);
    CHECK_EQ(cellar_arena_set_limit(arena, 176), 0);
    CHECK_EQ(cellar_arena_alloc(arena, 64, &base), 0);
    CHECK_EQ(cellar_arena_free(arena, one, 100), 0);
    CHECK_EQ(cellar_arena_set_limit(arena, 0), 0);
    CHECK_EQ(cellar_arena_alloc(arena, 3000, &one), 0);
    end(arena, 2);
}

/* Sources */

struct pool {
    struct cellar_arena *source;
    uint64_t cached; /* a range that reclaim can free; 0: none */
    unsigned calls;
};

static bool pool_reclaim(void *ctx, uint64_t size)
{
    struct pool *pool = ctx;
    CHECK_EQ(size, 4000);
    pool->calls++;
    bool freed = pool->cached != 0 && cellar_arena_free(pool->source, pool->cached, 1000) == 0;
    pool->cached = 0;
    return freed;
}

TEST(reclaim_is_asked_before_a_request_fails)
{
    struct pool pool = {0};
    struct cellar_arena_attr attr = attr_of(CELLAR_FIT_BEST);
    attr.reclaim = pool_reclaim;
    attr.ctx = &pool;
    pool.source = create(&attr);
    uint64_t base;
    CHECK_EQ(cellar_arena_add(pool.source, 0x1000, 4096), 0);
    pool.cached = alloc(pool.source, 1000);
    CHECK_EQ(cellar_arena_alloc(pool.source, 4000, &base), 0);
    CHECK_EQ(pool.calls, 1);
    CHECK_EQ(cellar_arena_alloc(pool.source, 4000, &base), -ENOMEM);
    CHECK_EQ(pool.calls, 2);
    end(pool.source, 1);
}

TEST(spans_come_from_another_arena_and_go_back)
{
    struct cellar_arena *source = create_with(CELLAR_FIT_FIRST, 1 << 20);
    struct cellar_arena_attr attr = attr_of(CELLAR_FIT_DEFAULT);
    struct cellar_arena_usage usage;
    attr.source = source;
    attr.import_quantum = 4096;
    struct cellar_arena *arena = create(&attr);
    uint64_t one = alloc(arena, 100), two = alloc(arena, 5000);
    cellar_arena_get_usage(source, &usage);
    CHECK_EQ(usage.allocated, 4096 + 8192);
    cellar_arena_get_usage(arena, &usage);
    CHECK_EQ(usage.imported, 4096 + 8192);
    CHECK_EQ(usage.nspans, 2);
    CHECK_EQ(cellar_arena_free(arena, two, 5000), 0);
    CHECK_EQ(cellar_arena_free(arena, one, 100), 0);
    cellar_arena_get_usage(arena, &usage); /* coalesces what waits */
    CHECK_EQ(usage.total, 0);
    alloc(arena, 64);
    end(arena, 1); /* spans go back whatever is out in them */
    cellar_arena_get_usage(source, &usage);
    CHECK_EQ(usage.allocated, 0);
    end(source, 0);
}

TEST(memory_from_the_kernel_is_zero_and_ours)
{
    struct cellar_arena_attr attr = attr_of(CELLAR_FIT_DEFAULT);
    attr.import = cellar_arena_map_pages;
    attr.release = cellar_arena_unmap_pages;
    struct cellar_arena *arena = create(&attr);
    unsigned char *block = (void *)(uintptr_t)alloc(arena, 100000);
    for (size_t i = 0; i < 100000; i++) {
        CHECK_EQ(block[i], 0);
        block[i] = 1;
    }
    CHECK_EQ(cellar_arena_free(arena, (uintptr_t)block, 100000), 0);
    end(arena, 0);
}

/* What is seen */

struct seen {
    struct cellar_arena *arena;
    size_t count;
    uint64_t size;
};

static bool free_while_seen(void *ctx, const struct cellar_arena_range *range)
{
    struct seen *seen = ctx;
    seen->count++;
    if (range->out) { /* the walk shows a copy: the arena may change */
        CHECK_EQ(cellar_arena_free(seen->arena, range->base, range->size), 0);
    }
    return seen->count < 3;
}

static void sum_left(void *ctx, const struct cellar_arena_range *range)
{
    struct seen *seen = ctx;
    CHECK(range->out);
    seen->count++;
    seen->size += range->size;
}

TEST(walk_shows_a_copy_and_stops_when_told)
{
    struct seen seen = {.arena = create_with(CELLAR_FIT_FIRST, 4096)};
    for (int i = 0; i < 5; i++) {
        alloc(seen.arena, 16);
    }
    CHECK_EQ(cellar_arena_walk(seen.arena, free_while_seen, &seen), 0);
    CHECK_EQ(seen.count, 3);
    seen.count = 0;
    CHECK_EQ(cellar_arena_destroy(seen.arena, sum_left, &seen), 2);
    CHECK_EQ(seen.count, 2);
    CHECK_EQ(seen.size, 32);
}

TEST(ranges_are_found_by_any_address)
{
    struct cellar_arena *arena = create_with(CELLAR_FIT_FIRST, 4096);
    struct cellar_arena_range range = {0}, ranges[3];
    uint64_t one = alloc(arena, 64);
    CHECK_EQ(cellar_arena_find(arena, one + 63, &range), 0);
    CHECK(range.base == one && range.size == 64 && range.out);
    CHECK_EQ(cellar_arena_find(arena, one + 64, &range), 0);
    CHECK(range.base == one + 64 && range.size == 4096 - 64 && !range.out);
    CHECK_EQ(cellar_arena_find(arena, 0xfff, &range), -ENOENT);
    CHECK_EQ(cellar_arena_find(arena, 0x2000, &range), -ENOENT);
    CHECK(cellar_arena_contains(arena, 0x1000, 4096));
    CHECK(!cellar_arena_contains(arena, 0x1000, 4097));
    CHECK(!cellar_arena_contains(arena, 0xfff, 2));
    CHECK_EQ(cellar_arena_snapshot(arena, ranges, 1), 2);
    CHECK_EQ(ranges[0].base, one);
    end(arena, 1);
}

TEST(fragmentation_is_counted)
{
    struct cellar_arena_usage usage;
    struct cellar_arena_attr attr = attr_of(CELLAR_FIT_BEST);
    attr.sizing = CELLAR_SIZE_POW2;
    struct cellar_arena *arena = create(&attr);
    CHECK_EQ(cellar_arena_add(arena, 0, 4096), 0);
    uint64_t one = alloc(arena, 100);
    alloc(arena, 100);
    CHECK_EQ(cellar_arena_free(arena, one, 100), 0);
    cellar_arena_get_usage(arena, &usage);
    CHECK_EQ(usage.asked, 200);
    CHECK_EQ(usage.given, 256);
    CHECK_EQ(usage.allocated, 128);
    CHECK_EQ(usage.largest_free, 4096 - 256);
    CHECK_EQ(usage.nfree, 2);
    CHECK_EQ(usage.nallocs, 2);
    CHECK_EQ(usage.nfrees, 1);
    CHECK_GT(usage.metadata, 3 * 24);
    CHECK_STR(cellar_arena_name(arena), "test");
    end(arena, 1);
}

/* Threads and fork */

static void *churn(void *arg)
{
    struct cellar_arena *arena = arg;
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t base, size = 16 + i % 500;
        if (cellar_arena_alloc(arena, size, &base) != 0 || cellar_arena_free(arena, base, size) != 0) {
            return arena;
        }
    }
    return NULL;
}

TEST(threads_share_an_arena_and_children_have_a_copy)
{
    struct cellar_arena *arena = create_with(CELLAR_FIT_DEFAULT, 1 << 20);
    pthread_t threads[3];
    void *failed;
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, churn, arena), 0);
    }
    for (int i = 0; i < 20; i++) { /* while others are inside */
        pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            _exit(churn(arena) == NULL && cellar_arena_check(arena) == NULL ? 0 : 1);
        }
        int status;
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_join(threads[i], &failed), 0);
        CHECK_PTR(failed, NULL);
    }
    CHECK_PTR(cellar_arena_check(arena), NULL);
    end(arena, 0);
}

TEST(quantum_caches_serve_small_ranges)
{
    enum { COUNT = 2000 };
    static uint64_t bases[COUNT];
    struct cellar_arena_attr attr = attr_of(CELLAR_FIT_BEST);
    struct cellar_arena_usage usage;
    pthread_t threads[3];
    void *failed;
    attr.cache_max = 64;
    struct cellar_arena *arena = create(&attr);
    CHECK_EQ(cellar_arena_add(arena, 0, 1 << 20), 0); /* base 0, too */
    for (size_t i = 0; i < COUNT; i++) {
        bases[i] = alloc(arena, 1 + i % 64);
        CHECK_EQ(bases[i] % 16, 0);
        for (size_t j = i < 50 ? 0 : i - 50; j < i; j++) {
            CHECK(bases[j] != bases[i]);
        }
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, churn, arena), 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_join(threads[i], &failed), 0);
        CHECK_PTR(failed, NULL);
    }
    for (size_t i = 1; i < COUNT; i++) {
        CHECK_EQ(cellar_arena_free(arena, bases[i], 1 + i % 64), 0);
    }
    cellar_arena_get_usage(arena, &usage);
    CHECK_GT(usage.allocated, 16);                        /* to the arena, what lies in buckets is out */
    CHECK_EQ(cellar_arena_destroy(arena, NULL, NULL), 1); /* what lay in buckets is not left */
}

TEST(quantum_caches_have_their_bounds)
{
    struct cellar_arena *none = NULL;
    struct cellar_arena_attr attr = attr_of(CELLAR_FIT_DEFAULT);
    attr.cache_max = 17 * 16;
    CHECK_EQ(cellar_arena_create(&attr, &none), -EINVAL);
    attr.cache_max = 24;
    CHECK_EQ(cellar_arena_create(&attr, &none), -EINVAL);
    attr.cache_max = 16 * 16;
    struct cellar_arena *arena = create(&attr);
    uint64_t base;
    CHECK_EQ(cellar_arena_alloc(arena, 16, &base), -ENOMEM); /* no span */
    CHECK_EQ(cellar_arena_alloc(arena, 0, &base), -EINVAL);
    end(arena, 0);
}

TEST_MAIN()
