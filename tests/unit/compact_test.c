/* levels: base os slab keg; with: fake/heap.c */
/* What zones of programs ask of a keg: compaction, marks, preallocation, colours. */
#include "base/bitmap.h"
#include "fake/heap.h"
#include "keg/keg.h"
#include "test.h"

enum { ITEM_SIZE = 4096, PER_SLAB = 16, NSLABS = 6, NITEMS = NSLABS * PER_SLAB };

static struct cellar__keg keg;
static void *items[NITEMS];
static size_t nunmarked;

static void unmark(struct cellar__keg *of, void *item)
{
    CHECK_PTR(of, &keg);
    CHECK(item != NULL);
    nunmarked++;
}

static void start(struct cellar__keg_attr attr)
{
    fake_heap_start();
    attr.size = attr.size == 0 ? ITEM_SIZE : attr.size;
    attr.unmark = unmark;
    nunmarked = 0;
    cellar__keg_init(&keg, &attr);
}

static void check(void)
{
    const char *broken = cellar__keg_check(&keg);
    CHECK_STR(broken ? broken : "", "");
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_NONE);
}

static void take_all(void)
{
    for (size_t got = 0; got < NITEMS;) {
        got += cellar__keg_alloc(&keg, items + got, NITEMS - got);
    }
}

static void give(void *item)
{
    enum cellar__item_fault fault;
    CHECK_EQ(cellar__keg_free(&keg, &item, 1, &fault), 1);
}

/* Slab i keeps its first `kept` items. */
static void thin_out(const size_t *kept)
{
    take_all();
    for (size_t i = 0; i < NITEMS; i++) {
        if (i % PER_SLAB >= kept[i / PER_SLAB]) {
            give(items[i]);
        }
    }
    check();
}

TEST(sparsest_slab_is_set_aside)
{
    static const size_t kept[NSLABS] = {9, 3, 16, 7, 0, 12};
    uint64_t out[64];
    start((struct cellar__keg_attr){0});
    thin_out(kept);
    CHECK_EQ(keg.nslabs, 5);
    cellar__keg_compact_begin(&keg);
    struct cellar__slab *slab = cellar__keg_freeze(&keg, out);
    CHECK_PTR(slab->run.base, items[PER_SLAB]);
    CHECK_EQ(cellar__bitmap_count(out, PER_SLAB), 3);
    check();
    for (size_t i = 0; i < 3; i++) {
        char *item = cellar__keg_alloc_dense(&keg);
        CHECK(item != NULL);
        CHECK(item < slab->run.base || item >= slab->run.base + CELLAR_GRANULE);
        give(items[PER_SLAB + i]);
        check();
    }
    CHECK_EQ(cellar__keg_thaw(&keg, slab), CELLAR_GRANULE);
    CHECK_EQ(keg.nslabs, 4);
    check();
}

TEST(slab_that_keeps_an_item_is_taken_back_and_passed)
{
    static const size_t kept[NSLABS] = {9, 3, 16, 7, 0, 12};
    uint64_t out[64];
    start((struct cellar__keg_attr){0});
    thin_out(kept);
    cellar__keg_compact_begin(&keg);
    struct cellar__slab *first = cellar__keg_freeze(&keg, out);
    CHECK_EQ(cellar__keg_thaw(&keg, first), 0);
    check();
    struct cellar__slab *second = cellar__keg_freeze(&keg, out);
    CHECK_PTR(second->run.base, items[3 * PER_SLAB]);
    CHECK_EQ(cellar__keg_thaw(&keg, second), 0);
    CHECK_EQ(keg.nslabs, 5);
    check();
}

TEST(pass_ends_when_the_others_have_no_room)
{
    static const size_t kept[NSLABS] = {15, 10, 16, 16, 16, 16};
    uint64_t out[64];
    start((struct cellar__keg_attr){0});
    thin_out(kept);
    cellar__keg_compact_begin(&keg);
    CHECK_PTR(cellar__keg_freeze(&keg, out), NULL);
    check();
}

TEST(marked_items_are_shown_once)
{
    start((struct cellar__keg_attr){.has_marks = true});
    take_all();
    for (size_t i = 0; i < 10; i++) {
        CHECK_EQ(cellar__keg_free_marked(&keg, items[i]), CELLAR_ITEM_OK);
    }
    CHECK_EQ(cellar__keg_free_marked(&keg, items[0]), CELLAR_ITEM_FREE);
    CHECK_EQ(keg.nmarked, 10);
    check();
    CHECK_EQ(cellar__keg_alloc(&keg, items, 10), 10);
    CHECK_EQ(nunmarked, 10);
    CHECK_EQ(keg.nmarked, 0);
    for (size_t i = 0; i < 10; i++) {
        give(items[i]);
    }
    CHECK_EQ(cellar__keg_alloc(&keg, items, 10), 10);
    CHECK_EQ(nunmarked, 10);
    check();
}

TEST(marks_go_with_their_slab)
{
    start((struct cellar__keg_attr){.has_marks = true});
    take_all();
    for (size_t i = 0; i < NITEMS; i++) {
        CHECK_EQ(cellar__keg_free_marked(&keg, items[i]), CELLAR_ITEM_OK);
        check();
    }
    CHECK_EQ(keg.nmarked, 0);
    CHECK_EQ(fake_heap.nruns, 0);
    CHECK_EQ(fake_heap.nblocks, 0);
}

TEST(find_tells_what_an_address_is)
{
    start((struct cellar__keg_attr){0});
    take_all();
    CHECK_EQ(cellar__keg_find(&keg, items[3]), CELLAR_ITEM_OK);
    CHECK_EQ(cellar__keg_find(&keg, (char *)items[3] + 16), CELLAR_ITEM_MISALIGNED);
    CHECK_EQ(cellar__keg_find(&keg, items), CELLAR_ITEM_NOT_HERE);
    give(items[3]);
    CHECK_EQ(cellar__keg_find(&keg, items[3]), CELLAR_ITEM_FREE);
}

TEST(prealloc_makes_slabs_that_stay)
{
    start((struct cellar__keg_attr){0});
    CHECK_EQ(cellar__keg_prealloc(&keg, 2 * PER_SLAB + 1), 0);
    CHECK_EQ(keg.nslabs, 3);
    CHECK_EQ(cellar__keg_prealloc(&keg, 3 * PER_SLAB), 0);
    CHECK_EQ(keg.nslabs, 3);
    fake_heap.runs_left = 0;
    CHECK_EQ(cellar__keg_alloc(&keg, items, 3 * PER_SLAB), 3 * PER_SLAB);
    CHECK_EQ(cellar__keg_prealloc(&keg, 1), -ENOMEM);
    for (size_t i = 0; i < 3 * PER_SLAB; i++) {
        give(items[i]);
    }
    CHECK_EQ(keg.nslabs, 3);
    check();
    cellar__keg_reclaim(&keg);
    CHECK_EQ(keg.nslabs, 0);
}

/* 3,008 bytes, 21 to a slab: 2,368 bytes of tail, 38 colours of 64 bytes. */
TEST(colours_follow_one_another)
{
    start((struct cellar__keg_attr){.size = 3008, .align = 16, .has_colours = true});
    CHECK_EQ(keg.ncolours, 38);
    for (size_t i = 0; i < 80; i++) {
        size_t n = 0;
        while (n < 21) {
            n += cellar__keg_alloc(&keg, items + n, 21 - n);
        }
        CHECK_EQ((uintptr_t)items[0] % CELLAR_GRANULE, i % 38 * 64);
        check();
    }
}

TEST(colours_keep_alignment)
{
    start((struct cellar__keg_attr){.size = 4608, .align = 512, .has_colours = true});
    for (size_t i = 0; i < 20; i++) {
        CHECK_EQ(cellar__keg_alloc(&keg, items, 1), 1);
        CHECK_EQ((uintptr_t)items[0] % 512, 0);
    }
    check();
}

TEST(long_items_have_a_slab_each)
{
    start((struct cellar__keg_attr){.size = (1 << 20) + 16, .align = 16, .has_colours = true});
    CHECK_EQ(keg.geometry.ngranules, 17);
    CHECK_EQ(keg.geometry.nitems, 1);
    CHECK_EQ(cellar__keg_alloc(&keg, items, 2), 1);
    CHECK_EQ(cellar__keg_find(&keg, (char *)items[0] + (1 << 20)), CELLAR_ITEM_MISALIGNED);
    check();
    give(items[0]);
    CHECK_EQ(fake_heap.nruns, 0);
}

TEST_MAIN()
