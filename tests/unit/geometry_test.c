/* levels: base os slab */
#include "slab/slab.h"

#include "test.h"

enum { GEOMETRY_MAX_SIZE = 32 << 10 };

static size_t run_size(const struct cellar__geometry *geometry)
{
    return (size_t)geometry->ngranules << CELLAR_LG_GRANULE;
}

TEST(items_fit_the_run_and_leave_no_room_for_another)
{
    for (size_t size = 16; size <= GEOMETRY_MAX_SIZE; size += 16) {
        struct cellar__geometry geometry = cellar__geometry_make(size, false);
        size_t used = (size_t)geometry.nitems * size; /* L1 */
        CHECK_EQ(geometry.size, size);
        CHECK_GE(geometry.nitems, 1);
        CHECK_LE(used, run_size(&geometry));
        CHECK_LT(run_size(&geometry) - used, size);
    }
}

TEST(tail_is_at_most_an_eighth)
{
    for (size_t size = 16; size <= GEOMETRY_MAX_SIZE; size += 16) {
        struct cellar__geometry geometry = cellar__geometry_make(size, false);
        CHECK_LE(8 * (run_size(&geometry) - (size_t)geometry.nitems * size), run_size(&geometry));
    }
}

TEST(small_items_take_one_granule)
{
    CHECK_EQ(cellar__geometry_make(16, false).ngranules, 1);
    CHECK_EQ(cellar__geometry_make(16, false).nitems, CELLAR_GRANULE / 16);
    CHECK_EQ(cellar__geometry_make(4096, false).ngranules, 1);
}

TEST(one_bit_an_item)
{
    for (size_t size = 16; size <= GEOMETRY_MAX_SIZE; size += 16) {
        struct cellar__geometry geometry = cellar__geometry_make(size, false);
        CHECK_GE((size_t)geometry.nwords * 64, geometry.nitems);
        CHECK_LT(((size_t)geometry.nwords - 1) * 64, geometry.nitems);
    }
}

TEST(ready_doubles_the_bitmasks)
{
    struct cellar__geometry plain = cellar__geometry_make(48, false);
    struct cellar__geometry ready = cellar__geometry_make(48, true);
    CHECK(!plain.has_ready);
    CHECK(ready.has_ready);
    CHECK_EQ(cellar__slab_header_size(&plain), sizeof(struct cellar__slab) + 8 * plain.nwords);
    CHECK_EQ(cellar__slab_header_size(&ready), sizeof(struct cellar__slab) + 16 * ready.nwords);
}

/* The first and the last byte of every item, of every size: between them the quotient cannot but agree. */
TEST(index_is_exact)
{
    for (size_t size = 16; size <= GEOMETRY_MAX_SIZE; size += 16) {
        struct cellar__geometry geometry = cellar__geometry_make(size, false);
        char *base = (char *)(UINT64_C(1) << 40); /* never touched */
        struct cellar__slab slab = {.run = {.base = base, .ngranules = geometry.ngranules}};
        for (uint32_t i = 0; i < geometry.nitems; i++) {
            char *item = cellar__slab_item(&slab, &geometry, i);
            CHECK_PTR(item, base + i * size);
            CHECK_EQ(cellar__slab_index(&slab, &geometry, item), i);
            CHECK_EQ(cellar__slab_index(&slab, &geometry, item + size - 1), i);
        }
        size_t used = (size_t)geometry.nitems * size;
        if (used < run_size(&geometry)) {
            CHECK_GE(cellar__slab_index(&slab, &geometry, base + used), geometry.nitems);
            CHECK_GE(cellar__slab_index(&slab, &geometry, base + run_size(&geometry) - 1), geometry.nitems);
        }
    }
}

TEST_MAIN()
