/* levels: base os slab keg; with: fake/heap.c */
#include "keg/keg.h"

#include "fake/heap.h"
#include "test.h"

/* Eight items a slab, so that every item out is another eighth. */
enum { ITEM_SIZE = 8192, NITEMS = 8, MANY = 4 * NITEMS, TAG = 7 };

static struct cellar__keg keg;
static void *items[MANY];

/* The init and fini hooks: what they saw. */
static struct {
    size_t ninits;
    size_t nfinis;
    size_t fail_after; /* inits that succeed */
    unsigned highest_rank;
} hooks;

static int hook_init(void *item, size_t size, void *ctx)
{
    CHECK_PTR(ctx, &hooks);
    CHECK_EQ(size, ITEM_SIZE);
    CHECK_EQ((uintptr_t)item % 16, 0);
    hooks.highest_rank |= cellar__lock_highest_held();
    if (hooks.ninits == hooks.fail_after) {
        return -ENOMEM;
    }
    hooks.ninits++;
    memset(item, 0x11, size);
    return 0;
}

static void hook_fini(void *item, size_t size, void *ctx)
{
    CHECK_PTR(ctx, &hooks);
    CHECK_EQ(*(char *)item, 0x11);
    CHECK_EQ(size, ITEM_SIZE);
    hooks.highest_rank |= cellar__lock_highest_held();
    hooks.nfinis++;
}

static void start(size_t max_empty, bool with_hooks)
{
    fake_heap_start();
    memset(&hooks, 0, sizeof hooks);
    hooks.fail_after = SIZE_MAX;
    struct cellar__keg_attr attr = {.size = ITEM_SIZE, .tag = TAG, .max_empty = max_empty};
    if (with_hooks) {
        attr.init = hook_init;
        attr.fini = hook_fini;
        attr.ctx = &hooks;
    }
    cellar__keg_init(&keg, &attr);
    CHECK_EQ(keg.geometry.nitems, NITEMS);
}

static void check(size_t nslabs, size_t nempty, size_t nout)
{
    struct cellar__keg_usage usage;
    const char *broken = cellar__keg_check(&keg);
    CHECK_STR(broken ? broken : "no invariant", "no invariant");
    cellar__keg_usage(&keg, &usage);
    CHECK_EQ(usage.nslabs, nslabs);
    CHECK_EQ(usage.nempty, nempty);
    CHECK_EQ(usage.nout, nout);
    CHECK_EQ(usage.nitems, nslabs * NITEMS);
    CHECK_EQ(usage.slab_bytes, nslabs * CELLAR_GRANULE);
    CHECK_EQ(fake_heap.nruns, nslabs);
    CHECK_EQ(fake_heap.nblocks, nslabs);
    CHECK_EQ(fake_heap.locks_held, CELLAR_RANK_NONE); /* runs are taken and given with no lock held */
}

/* Takes n items, in as many steps as the keg likes. */
static void take(void **to, size_t n)
{
    for (size_t taken = 0; taken < n;) {
        size_t got = cellar__keg_alloc(&keg, to + taken, n - taken);
        CHECK_GT(got, 0);
        CHECK_LE(got, n - taken);
        taken += got;
    }
}

static void give(void *item)
{
    enum cellar__item_fault fault;
    CHECK_EQ(cellar__keg_free(&keg, &item, 1, &fault), 1);
    CHECK_EQ(fault, CELLAR_ITEM_OK);
}

TEST(first_alloc_makes_a_slab)
{
    start(0, false);
    check(0, 0, 0);
    take(items, 1);
    check(1, 0, 1);
    CHECK_PTR(items[0], fake_heap_base());
    CHECK_EQ(cellar__page_map_tag(items[0]), TAG); /* K3 */
    give(items[0]);
    check(0, 0, 0);
    CHECK_EQ(cellar__page_map_tag(items[0]), 0);
}

TEST(items_are_distinct_and_in_address_order)
{
    start(0, false);
    take(items, MANY);
    check(4, 0, MANY);
    for (size_t i = 0; i < MANY; i++) {
        CHECK_PTR(items[i], fake_heap_base() + i * ITEM_SIZE);
    }
}

TEST(fullest_slab_serves_first)
{
    start(0, false);
    take(items, MANY);
    /* Slab 0 keeps two items, slab 2 keeps six: that one fills up first. */
    for (size_t i = 0; i < 6; i++) {
        give(items[i]);
    }
    give(items[2 * NITEMS + 3]);
    give(items[2 * NITEMS + 5]);
    check(4, 0, MANY - 8);
    void *again[3];
    take(again, 3);
    CHECK_PTR(again[0], items[2 * NITEMS + 3]);
    CHECK_PTR(again[1], items[2 * NITEMS + 5]);
    CHECK_PTR(again[2], items[0]);
    check(4, 0, MANY - 5);
}

TEST(lowest_of_equally_full_slabs_serves_first)
{
    start(0, false);
    take(items, MANY);
    give(items[3 * NITEMS]);
    give(items[1 * NITEMS]);
    give(items[2 * NITEMS]);
    void *again[3];
    take(again, 3);
    CHECK_PTR(again[0], items[1 * NITEMS]);
    CHECK_PTR(again[1], items[2 * NITEMS]);
    CHECK_PTR(again[2], items[3 * NITEMS]);
}

TEST(empty_slabs_stay_up_to_the_bound)
{
    start(2, false);
    take(items, MANY);
    for (size_t i = 0; i < MANY; i++) {
        give(items[i]);
    }
    check(2, 2, 0);
    take(items, MANY);
    check(4, 0, MANY);
}

TEST(reclaim_gives_the_empty_slabs_back)
{
    start(3, false);
    take(items, MANY);
    for (size_t i = 0; i < 3 * NITEMS; i++) {
        give(items[i]);
    }
    check(4, 3, NITEMS);
    cellar__keg_reclaim(&keg);
    check(1, 0, NITEMS);
    cellar__keg_reclaim(&keg);
    check(1, 0, NITEMS);
}

TEST(free_stops_at_the_first_fault)
{
    enum cellar__item_fault fault;
    start(0, false);
    take(items, 4);
    void *batch[4] = {items[0], items[1], (char *)items[2] + 16, items[3]};
    CHECK_EQ(cellar__keg_free(&keg, batch, 4, &fault), 2);
    CHECK_EQ(fault, CELLAR_ITEM_MISALIGNED);
    check(1, 0, 2);
    batch[0] = items[3];
    batch[1] = items[0];
    CHECK_EQ(cellar__keg_free(&keg, batch, 2, &fault), 1);
    CHECK_EQ(fault, CELLAR_ITEM_FREE);
    check(1, 0, 1);
}

/* Items of two slabs by turns, then a run of one slab's: slabs empty in the middle of the batch. */
TEST(one_free_of_items_of_several_slabs)
{
    start(0, false);
    enum cellar__item_fault fault;
    void *batch[2 * NITEMS];
    take(items, 2 * NITEMS);
    for (size_t i = 0; i < NITEMS / 2; i++) {
        batch[2 * i] = items[i];
        batch[2 * i + 1] = items[NITEMS + i];
    }
    memcpy(batch + NITEMS, items + NITEMS / 2, NITEMS / 2 * sizeof *batch);
    memcpy(batch + NITEMS + NITEMS / 2, items + NITEMS + NITEMS / 2, NITEMS / 2 * sizeof *batch);
    CHECK_EQ(cellar__keg_free(&keg, batch, 2 * NITEMS - 1, &fault), 2 * NITEMS - 1);
    CHECK_EQ(fault, CELLAR_ITEM_OK);
    check(1, 0, 1);
    CHECK_EQ(cellar__keg_free(&keg, batch + 2 * NITEMS - 1, 1, &fault), 1);
    check(0, 0, 0);
}

TEST(free_refuses_what_lies_in_no_slab_of_it)
{
    enum cellar__item_fault fault;
    struct cellar__keg other;
    struct cellar__keg_attr attr = {.size = 64, .tag = 9};
    void *foreign = &fault;
    void *theirs;
    start(0, false);
    cellar__keg_init(&other, &attr);
    take(items, 1);
    CHECK_EQ(cellar__keg_alloc(&other, &theirs, 1), 1);
    CHECK_EQ(cellar__keg_free(&keg, &foreign, 1, &fault), 0);
    CHECK_EQ(fault, CELLAR_ITEM_NOT_HERE);
    CHECK_EQ(cellar__keg_free(&keg, &theirs, 1, &fault), 0);
    CHECK_EQ(fault, CELLAR_ITEM_NOT_HERE);
    foreign = fake_heap_base() + 50 * CELLAR_GRANULE; /* in the heap, but in no run */
    CHECK_EQ(cellar__keg_free(&keg, &foreign, 1, &fault), 0);
    CHECK_EQ(fault, CELLAR_ITEM_NOT_HERE);
    cellar__keg_fini(&other);
    check(1, 0, 1);
}

TEST(alloc_gives_none_without_a_run)
{
    start(0, false);
    take(items, 3);
    fake_heap.runs_left = 0;
    CHECK_EQ(cellar__keg_alloc(&keg, items + 3, MANY - 3), NITEMS - 3);
    CHECK_EQ(cellar__keg_alloc(&keg, items + NITEMS, 1), 0);
    check(1, 0, NITEMS);
    fake_heap.runs_left = 1;
    CHECK_EQ(cellar__keg_alloc(&keg, items + NITEMS, 1), 1);
    check(2, 0, NITEMS + 1);
}

TEST(alloc_gives_none_without_a_header)
{
    start(0, false);
    fake_heap.blocks_left = 0;
    CHECK_EQ(cellar__keg_alloc(&keg, items, 1), 0);
    check(0, 0, 0);
}

TEST(alloc_of_none_makes_no_slab)
{
    start(0, false);
    CHECK_EQ(cellar__keg_alloc(&keg, items, 0), 0);
    check(0, 0, 0);
}

TEST(init_is_called_once_an_item)
{
    start(1, true);
    take(items, NITEMS);
    CHECK_EQ(hooks.ninits, NITEMS);
    for (size_t i = 0; i < NITEMS; i++) {
        give(items[i]);
    }
    take(items, NITEMS);
    CHECK_EQ(hooks.ninits, NITEMS);
    CHECK_EQ(hooks.nfinis, 0);
    check(1, 0, NITEMS);
}

/* L3: fini is called for what init made ready, and for nothing else. */
TEST(fini_is_called_for_ready_items_when_the_slab_goes)
{
    start(0, true);
    take(items, 3);
    give(items[1]);
    CHECK_EQ(hooks.nfinis, 0);
    give(items[0]);
    give(items[2]);
    CHECK_EQ(hooks.ninits, 3);
    CHECK_EQ(hooks.nfinis, 3);
    CHECK_EQ(hooks.highest_rank, CELLAR_RANK_NONE);
    check(0, 0, 0);
}

TEST(item_whose_init_failed_is_free_and_not_ready)
{
    start(1, true);
    hooks.fail_after = 2;
    CHECK_EQ(cellar__keg_alloc(&keg, items, 4), 2);
    check(1, 0, 2);
    CHECK_EQ(cellar__keg_alloc(&keg, items + 2, 1), 0);
    hooks.fail_after = SIZE_MAX;
    CHECK_EQ(cellar__keg_alloc(&keg, items + 2, 1), 1);
    CHECK_PTR(items[2], fake_heap_base() + 2 * ITEM_SIZE);
    CHECK_EQ(hooks.ninits, 3);
    for (size_t i = 0; i < 3; i++) {
        give(items[i]);
    }
    cellar__keg_reclaim(&keg);
    CHECK_EQ(hooks.nfinis, 3);
    check(0, 0, 0);
}

TEST(fini_gives_everything_back)
{
    start(1, true);
    take(items, MANY - 3);
    cellar__keg_fini(&keg);
    CHECK_EQ(hooks.nfinis, MANY - 3);
    check(0, 0, 0);
    take(items, 1);
    check(1, 0, 1);
}

static void count_slab(void *ctx, const struct cellar__slab *slab)
{
    *(size_t *)ctx += slab->nout;
}

TEST(walk_visits_every_slab)
{
    size_t nout = 0;
    start(0, false);
    take(items, 2 * NITEMS + 3);
    cellar__keg_walk(&keg, count_slab, &nout);
    CHECK_EQ(nout, 2 * NITEMS + 3);
}

/* The checker has to see each kind of damage. */
TEST(check_names_what_is_broken)
{
    start(0, false);
    take(items, NITEMS + 2);
    keg.nout++;
    CHECK_STR(cellar__keg_check(&keg), "K2");
    keg.nout--;
    uint32_t ref = cellar__page_map_ref(items[0]);
    cellar__page_map_set(items[0], 1, ref, TAG + 1);
    CHECK_STR(cellar__keg_check(&keg), "K3");
    cellar__page_map_set(items[0], 1, ref, TAG);
    struct cellar__tree_node *root = keg.bins[2]; /* two of eight */
    keg.bins[2] = NULL;
    CHECK_STR(cellar__keg_check(&keg), "K1");
    keg.bins[2] = root;
    check(2, 0, NITEMS + 2);
}

TEST_MAIN()
