/* levels: base os submap meta arena slab keg */
#include "keg/keg.h"

#include "arena/fit.h"
#include "arena/run.h"
#include "model/ops.h"

/* The model of a keg: which items are with us, each stamped from end to end with its number. */
enum { LIVE_MAX = 3000, BATCH_MAX = 64, TAG = 3 };

struct live_item {
    uint64_t *item;
    uint64_t stamp;
};

static struct live_item live[LIVE_MAX];
static size_t nlive;
static uint64_t next_stamp;
static struct cellar__keg keg;
static size_t item_size;
static size_t ninits;
static size_t nfinis;

static int model_init(void *item, size_t size, void *ctx)
{
    (void)item;
    (void)size;
    (void)ctx;
    ninits++;
    return 0;
}

static void model_fini(void *item, size_t size, void *ctx)
{
    (void)item;
    (void)size;
    (void)ctx;
    nfinis++;
}

static void keg_start(size_t size, size_t max_empty)
{
    struct cellar__keg_attr attr = {
        .size = size, .tag = TAG, .max_empty = max_empty, .init = model_init, .fini = model_fini};
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
    item_size = size;
    cellar__keg_init(&keg, &attr);
}

static bool keg_stamp_holds(const struct live_item *one)
{
    size_t words = item_size / sizeof *one->item;
    for (size_t i = 0; i < words; i++) {
        if (one->item[i] != one->stamp) {
            return ops_fail("item %p was written at %zu", (void *)one->item, i * sizeof *one->item);
        }
    }
    return true;
}

static bool keg_do_alloc(size_t n)
{
    void *items[BATCH_MAX];
    n = n < LIVE_MAX - nlive ? n : LIVE_MAX - nlive;
    size_t got = cellar__keg_alloc(&keg, items, n);
    if (got > n || (n > 0 && got == 0)) {
        return ops_fail("alloc of %zu gave %zu", n, got);
    }
    for (size_t i = 0; i < got; i++) {
        struct live_item *one = &live[nlive++];
        *one = (struct live_item){items[i], ++next_stamp};
        for (size_t word = 0; word < item_size / sizeof *one->item; word++) {
            one->item[word] = one->stamp;
        }
    }
    return true;
}

/* Frees n items from a random place on. */
static bool keg_do_free(size_t at, size_t n)
{
    void *items[BATCH_MAX];
    enum cellar__item_fault fault;
    n = n < nlive ? n : nlive;
    for (size_t i = 0; i < n; i++) {
        struct live_item *one = &live[at % nlive];
        if (!keg_stamp_holds(one)) {
            return false;
        }
        items[i] = one->item;
        *one = live[--nlive];
    }
    size_t given = cellar__keg_free(&keg, items, n, &fault);
    return (given == n && fault == CELLAR_ITEM_OK) || ops_fail("free of %zu: %zu, %d", n, given, (int)fault);
}

/* An address that is no item: has to be refused, whatever lies there. */
static bool keg_do_bad_free(size_t at, size_t offset)
{
    enum cellar__item_fault fault;
    if (nlive == 0) {
        return true;
    }
    void *bad = (char *)live[at % nlive].item + 1 + offset % (item_size - 1);
    size_t given = cellar__keg_free(&keg, &bad, 1, &fault);
    return (given == 0 && fault == CELLAR_ITEM_MISALIGNED) || ops_fail("free inside an item: %d", (int)fault);
}

static bool keg_agrees(void)
{
    struct cellar__keg_usage usage;
    const char *broken = cellar__keg_check(&keg);
    cellar__keg_usage(&keg, &usage);
    if (broken != NULL) {
        return ops_fail("invariant %s", broken);
    }
    if (usage.nempty > keg.attr.max_empty) {
        return ops_fail("K2: %zu empty slabs", usage.nempty);
    }
    return usage.nout == nlive || ops_fail("%zu items out, not %zu", usage.nout, nlive);
}

static bool keg_do(const struct ops_op *op)
{
    switch (op->kind) {
    case 0:
    case 1:
    case 2:
        return keg_do_alloc(1 + op->a % BATCH_MAX);
    case 3:
    case 4:
        return keg_do_free(op->b % LIVE_MAX, 1 + op->a % BATCH_MAX);
    case 5:
        return keg_do_bad_free(op->a, op->b);
    case 6:
        if (op->a % 8 == 0) {
            cellar__keg_reclaim(&keg);
        }
        return true;
    default: /* a great part at once, so that slabs run empty */
        for (size_t i = 0; op->a % 16 == 0 && i < LIVE_MAX / BATCH_MAX; i++) {
            if (!keg_do_free(op->b % LIVE_MAX + i, BATCH_MAX)) {
                return false;
            }
        }
        return true;
    }
}

static bool keg_replay(const struct ops_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!keg_do(&ops[i]) || !keg_agrees()) {
            return false;
        }
        ops_shared->done++;
    }
    for (size_t i = 0; i < nlive; i++) {
        if (!keg_stamp_holds(&live[i])) {
            return false;
        }
    }
    cellar__keg_fini(&keg);
    return ninits == nfinis || ops_fail("%zu inits and %zu finis", ninits, nfinis);
}

static bool keg_replay_small(const struct ops_op *ops, size_t count)
{
    keg_start(112, 1);
    return keg_replay(ops, count);
}

static bool keg_replay_large(const struct ops_op *ops, size_t count)
{
    keg_start(10240, 3);
    return keg_replay(ops, count);
}

TEST(small_items)
{
    ops_test(keg_replay_small, 8, 1500, 10);
}

TEST(large_items)
{
    ops_test(keg_replay_large, 8, 600, 6);
}

TEST_MAIN()
