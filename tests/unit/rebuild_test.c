/* levels: base os submap meta arena slab keg */
/* A keg whose operation a longjmp took away: whatever is wrong beside slabs and bitmasks is right again. */
#include "keg/bins.h"
#include "keg/keg.h"
#include "test.h"

enum { SIZE = 16384, COUNT = 40 }; /* four items a slab: ten slabs */

static struct cellar__keg keg;
static void *items[COUNT];

static void start(void)
{
    static bool started;
    if (!started) {
        CHECK_EQ(cellar__meta_init(), 0);
        CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
        started = true;
    } else {
        cellar__keg_fini(&keg);
    }
    struct cellar__keg_attr attr = {.size = SIZE, .tag = 64, .max_empty = 2};
    enum cellar__item_fault fault;
    cellar__keg_init(&keg, &attr);
    for (size_t i = 0; i < COUNT; i++) {
        CHECK_EQ(cellar__keg_alloc(&keg, &items[i], 1), 1);
    }
    for (size_t i = 0; i < COUNT; i += 3) { /* partial slabs of all kinds */
        CHECK_EQ(cellar__keg_free(&keg, &items[i], 1, &fault), 1);
    }
    CHECK_PTR(cellar__keg_check(&keg), NULL);
}

/* The lock is held and its operation is gone; then somebody comes. */
static void abandon_and_come_again(void)
{
    cellar__lock_forget_held();
    CHECK_PTR(cellar__keg_check(&keg), NULL);
    CHECK(!keg.lock.is_abandoned);
    void *item;
    enum cellar__item_fault fault;
    CHECK_EQ(cellar__keg_alloc(&keg, &item, 1), 1);
    CHECK_EQ(cellar__keg_free(&keg, &item, 1, &fault), 1);
    CHECK_PTR(cellar__keg_check(&keg), NULL);
}

TEST(counts_are_taken_from_the_bitmasks)
{
    start();
    size_t nout = keg.nout;
    cellar__keg_lock(&keg);
    struct cellar__slab *slab = CELLAR_CONTAINER(keg.all.next, struct cellar__slab, all);
    slab->nout += 2;
    slab->first_word = 1;
    keg.nout = 7;
    keg.nslabs = 1;
    keg.nempty = 5;
    abandon_and_come_again();
    CHECK_EQ(keg.nout, nout);
}

TEST(trees_and_chain_are_built_anew)
{
    start();
    cellar__keg_lock(&keg);
    for (unsigned bin = 0; bin < CELLAR_KEG_NBINS; bin++) {
        keg.bins[bin] = NULL; /* as in the middle of a removal */
    }
    keg.empty = NULL;
    keg.nonempty_bins = 0xff;
    abandon_and_come_again();
}

TEST(slab_between_two_places_is_found_by_its_count)
{
    start();
    cellar__keg_lock(&keg);
    struct cellar__slab *slab = cellar__bins_first(&keg);
    cellar__bins_remove(&keg, slab, cellar__bins_index(&keg, slab->nout));
    abandon_and_come_again();
}

TEST(list_is_followed_forwards)
{
    start();
    size_t nslabs = keg.nslabs;
    cellar__keg_lock(&keg);
    keg.all.next->prev = keg.all.next; /* a removal of the first that had only begun to unlink */
    keg.all.prev = keg.all.next;
    abandon_and_come_again();
    CHECK_EQ(keg.nslabs, nslabs);
}

TEST_MAIN()
