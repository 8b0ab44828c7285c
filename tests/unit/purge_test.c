/* levels: base os slab keg; with: fake/heap.c */
/* The memory of free items goes back page by page, from slabs that rest, and never that of an item that is out. */
#include "fake/heap.h"
#include "keg/keg.h"
#include "os/fault.h"
#include "os/os.h"
#include "test.h"

enum { RESTS = 2, NSLABS = 4, ALL = 1000 };

static struct cellar__keg keg;
static void *items[8192];
static size_t nitems;

static void start(size_t size)
{
    fake_heap_start();
    struct cellar__keg_attr attr = {.size = size};
    cellar__keg_init(&keg, &attr);
    nitems = NSLABS * keg.geometry.nitems;
    CHECK_LE(nitems, CELLAR_COUNTOF(items));
    for (size_t got = 0; got < nitems;) {
        got += cellar__keg_alloc(&keg, items + got, nitems - got);
    }
    for (size_t i = 0; i < nitems; i++) {
        memset(items[i], 0x5a, size);
    }
}

static void give(size_t i)
{
    enum cellar__item_fault fault;
    CHECK_EQ(cellar__keg_free(&keg, &items[i], 1, &fault), 1);
    items[i] = NULL;
}

static bool visit(void)
{
    size_t max_slabs = ALL;
    bool waits = cellar__keg_purge(&keg, RESTS, &max_slabs);
    const char *broken = cellar__keg_check(&keg);
    CHECK_STR(broken ? broken : "", "");
    CHECK_EQ(max_slabs, ALL - keg.nslabs);
    return waits;
}

/* As often as a slab must rest, and once more for the purge. */
static void visit_all(void)
{
    for (int i = 0; i < RESTS; i++) {
        CHECK(visit());
    }
    CHECK(!visit());
}

static bool reads_as(const char *from, size_t size, char value)
{
    for (size_t i = 0; i < size; i++) {
        if (from[i] != value) {
            return false;
        }
    }
    return true;
}

/* Every item that is out is whole. Returns the number of pages in the first NSLABS slabs that read as zero. */
static size_t check_items(void)
{
    size_t page_size = cellar__os_machine()->page_size;
    size_t nzero = 0;
    for (size_t i = 0; i < nitems; i++) {
        CHECK(items[i] == NULL || reads_as(items[i], keg.geometry.size, 0x5a));
    }
    size_t size = (NSLABS * keg.geometry.ngranules) << CELLAR_LG_GRANULE;
    for (size_t at = 0; at < size; at += page_size) {
        nzero += reads_as(fake_heap_base() + at, page_size, 0);
    }
    return nzero;
}

TEST(only_whole_free_pages_go)
{
    start(1024); /* four items a page, 64 a slab */
    if (cellar__os_machine()->page_size != 4096) {
        return;
    }
    for (size_t i = 0; i < 64; i++) {
        if (i >= 8 && i != 21) { /* pages 0, 1 and 5 of the first slab keep an item */
            give(i);
        }
    }
    CHECK_EQ(check_items(), 0);
    visit_all();
    CHECK_EQ(check_items(), 13);
    CHECK_EQ(keg.nout, nitems - 55);
}

TEST(items_of_any_size)
{
    static const size_t sizes[] = {48, 144, 1280, 5120, 28 << 10};
    for (size_t s = 0; s < CELLAR_COUNTOF(sizes); s++) {
        start(sizes[s]);
        for (size_t i = 0; i < nitems; i++) {
            if (i % keg.geometry.nitems > keg.geometry.nitems / 4) {
                give(i);
            }
        }
        visit_all();
        CHECK_GT(check_items(), 0);
    }
}

TEST(a_slab_in_use_does_not_rest)
{
    start(1024);
    for (size_t i = 1; i < 64; i++) {
        give(i);
    }
    for (int i = 0; i < 10; i++) {
        CHECK(visit());
        CHECK_EQ(cellar__keg_alloc(&keg, &items[1], 1), 1);
        memset(items[1], 0x5a, 1024);
        give(1);
    }
    CHECK_EQ(check_items(), 0);
    visit_all();
    CHECK_GT(check_items(), 0);
}

/* Purged once, it is left alone until an item comes or goes. */
TEST(a_purged_slab_is_done)
{
    start(1024);
    for (size_t i = 1; i < 64; i++) {
        give(i);
    }
    visit_all();
    cellar__fault_arm(CELLAR_FAULT_PURGE, UINT32_MAX, 1); /* counts */
    CHECK(!visit());
    CHECK(!visit());
    CHECK_EQ(cellar__fault_calls(CELLAR_FAULT_PURGE), 0);
    CHECK_EQ(cellar__keg_alloc(&keg, &items[1], 1), 1);
    visit_all();
    CHECK_EQ(cellar__fault_calls(CELLAR_FAULT_PURGE), 1);
    cellar__fault_disarm_all();
}

TEST(full_and_empty_slabs_are_passed_over)
{
    start(1024);
    CHECK(!visit());
    for (size_t i = 0; i < nitems; i++) {
        give(i);
    }
    CHECK(!visit());
    CHECK_EQ(keg.nslabs, 0);
}

TEST(a_refused_purge_loses_nothing)
{
    start(1024);
    for (size_t i = 1; i < 64; i++) {
        give(i);
    }
    cellar__fault_arm(CELLAR_FAULT_PURGE, 0, UINT32_MAX);
    visit_all();
    cellar__fault_disarm_all();
    CHECK_EQ(check_items(), 0);
    for (size_t i = 1; i < 64; i++) {
        CHECK_EQ(cellar__keg_alloc(&keg, &items[i], 1), 1);
        memset(items[i], 0x5a, 1024);
    }
    CHECK_EQ(keg.nslabs, NSLABS);
    check_items();
}

TEST(a_bound_of_slabs_goes_round)
{
    start(1024);
    for (size_t i = 0; i < nitems; i++) {
        if (i % 64 != 0) {
            give(i);
        }
    }
    for (int i = 0; i < NSLABS * (RESTS + 1); i++) {
        size_t max_slabs = 1;
        cellar__keg_purge(&keg, RESTS, &max_slabs);
        CHECK_EQ(max_slabs, 0);
    }
    CHECK(!visit());
    CHECK_GE(check_items(), (size_t)NSLABS * (cellar__os_machine()->page_size == 4096 ? 15 : 0));
}

/* With a purge under way, as a fork or an abandoned operation meets it. */
static void set_aside(void)
{
    start(1024);
    for (size_t i = 0; i < 128; i++) {
        if (i % 64 != 0) {
            give(i);
        }
    }
    struct cellar__slab *slab = (struct cellar__slab *)cellar__run_find(fake_heap_base());
    uint64_t out[64];
    cellar__keg_compact_begin(&keg);
    CHECK_PTR(cellar__keg_freeze(&keg, out), slab);
    keg.purging = slab;
}

TEST(the_child_of_fork_takes_the_slab_back)
{
    set_aside();
    cellar__keg_forget_purge(&keg);
    cellar__keg_forget_purge(&keg);
    CHECK_STR(cellar__keg_check(&keg) ? "broken" : "", "");
    give(0);
    CHECK_EQ(keg.nslabs, NSLABS - 1);
}

TEST(a_rebuild_leaves_the_slab_aside)
{
    set_aside();
    keg.lock.is_abandoned = true;
    void *item = NULL;
    CHECK_EQ(cellar__keg_alloc(&keg, &item, 1), 1);
    CHECK_GE((uintptr_t)item - (uintptr_t)fake_heap_base(), CELLAR_GRANULE); /* not from the first slab */
    cellar__keg_forget_purge(&keg);
    CHECK_EQ(cellar__keg_alloc(&keg, &items[1], 1), 1);
    CHECK_STR(cellar__keg_check(&keg) ? "broken" : "", "");
}

TEST_MAIN()
