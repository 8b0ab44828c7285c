/* levels: base os submap meta arena slab keg bucket smr zone large; with: */
#include "large/huge.h"

#include "arena/dirty.h"
#include "base/bits.h"
#include "large/colour.h"
#include "meta/meta.h"
#include "os/fault.h"
#include "os/os.h"
#include "test.h"

enum { MIB = 1 << 20 };

/* Nothing live, nothing cached, nothing purged by age. */
static void start(void)
{
    struct cellar__huge_usage usage;
    if (cellar__meta_base == NULL) {
        CHECK_EQ(cellar__meta_init(), 0);
        cellar__dirty_init();
    }
    cellar__fault_disarm_all();
    cellar__huge_set_decay_ms(1000000);
    cellar__huge_purge_all();
    cellar__huge_usage(&usage);
    CHECK_EQ(usage.nlive, 0);
    CHECK_EQ(usage.ncached, 0);
    CHECK_EQ(usage.cached_bytes, 0);
}

static void check(size_t nlive, size_t live_bytes, size_t ncached, size_t cached_bytes)
{
    struct cellar__huge_usage usage;
    cellar__huge_usage(&usage);
    CHECK_EQ(usage.nlive, nlive);
    CHECK_EQ(usage.live_bytes, live_bytes);
    CHECK_EQ(usage.ncached, ncached);
    CHECK_EQ(usage.cached_bytes, cached_bytes); /* H2 */
}

/* A block with a colour, which its mapping has room for. */
static char *alloc_coloured(size_t size)
{
    char *block = cellar__huge_alloc(size, 1, false);
    CHECK_EQ((uintptr_t)block % CELLAR_COLOUR_UNIT, 0);
    CHECK((uintptr_t)block % CELLAR_COLOUR_ROOM != 0);
    CHECK_EQ(cellar__huge_size(block), cellar__huge_good_size(size));
    return block;
}

TEST(good_size_is_what_a_block_has)
{
    start();
    for (size_t size = 2 * MIB; size < 4 * MIB; size += 99999) {
        char *block = alloc_coloured(size + 1);
        CHECK_GE(cellar__huge_good_size(size + 1), size + 1);
        CHECK(cellar__huge_free(block));
        start();
    }
    CHECK_EQ(cellar__huge_good_size(4 * MIB), 4 * MIB);
    CHECK_EQ(cellar__huge_good_size(SIZE_MAX), SIZE_MAX);
}

TEST(block_is_whole_pages_of_zeros)
{
    start();
    size_t page_size = cellar__os_machine()->page_size;
    size_t map_size = cellar__round_up(2 * MIB + 1 + CELLAR_COLOUR_ROOM, page_size);
    char *block = alloc_coloured(2 * MIB + 1);
    CHECK_EQ(cellar__huge_size(block), map_size - CELLAR_COLOUR_ROOM);
    CHECK_EQ(block[0] | block[2 * MIB], 0);
    check(1, map_size, 0, 0);
    CHECK(cellar__huge_free(block));
    check(0, 0, 1, map_size);
    start();
}

/* Only what waits at the front is used again, and only for about its size. */
TEST(reuse_makes_no_mapping)
{
    start();
    CHECK_PTR(cellar__huge_reuse(3 * MIB), NULL);
    CHECK_PTR(cellar__huge_reuse(SIZE_MAX), NULL);
    char *block = alloc_coloured(3 * MIB);
    CHECK_PTR(cellar__huge_reuse(3 * MIB), NULL);
    CHECK(cellar__huge_free(block));
    CHECK_PTR(cellar__huge_reuse(2 * MIB), NULL);
    CHECK_PTR(cellar__huge_reuse(3 * MIB - 8192), block);
    CHECK(cellar__huge_free(block));
    start();
}

TEST(colours_differ)
{
    start();
    char *a = cellar__huge_alloc(3 * MIB, 1, false);
    char *b = cellar__huge_alloc(3 * MIB, 1, false);
    CHECK((uintptr_t)a % CELLAR_COLOUR_ROOM != (uintptr_t)b % CELLAR_COLOUR_ROOM);
    CHECK(cellar__huge_free(a));
    CHECK(cellar__huge_free(b));
    start();
    for (size_t i = 0; i < 200; i++) {
        CHECK(cellar__huge_free(alloc_coloured(3 * MIB)));
        start();
    }
}

TEST(multiples_of_a_huge_page_have_no_room)
{
    start();
    char *block = cellar__huge_alloc(4 * MIB, 1, false);
    CHECK_EQ((uintptr_t)block % CELLAR_COLOUR_ROOM, 0);
    CHECK_EQ(cellar__huge_size(block), 4 * MIB);
    check(1, 4 * MIB, 0, 0);
    CHECK(cellar__huge_free(block));
    start();
}

/* A mapping of 4 MiB whose block had a colour: all of it, and from its begin. */
TEST(who_needs_the_room_gets_it)
{
    start();
    char *coloured = alloc_coloured(4 * MIB - CELLAR_COLOUR_ROOM);
    size_t usable = cellar__huge_size(coloured);
    char *base = coloured - (uintptr_t)coloured % CELLAR_COLOUR_ROOM;
    CHECK_EQ(usable, 4 * MIB - CELLAR_COLOUR_ROOM);
    CHECK(cellar__huge_free(coloured));
    CHECK_PTR(cellar__huge_alloc(4 * MIB, 1, false), base);
    CHECK_EQ(cellar__huge_size(base), 4 * MIB);
    CHECK(!cellar__huge_free(coloured));
    CHECK(cellar__huge_free(base));
    coloured = cellar__huge_alloc(4 * MIB - CELLAR_COLOUR_ROOM, 4096, false);
    CHECK_PTR(coloured, base);
    CHECK(cellar__huge_free(coloured));
    start();
}

TEST(resize_keeps_the_colour)
{
    start();
    char *block = alloc_coloured(3 * MIB);
    size_t colour = (uintptr_t)block % CELLAR_COLOUR_ROOM;
    memset(block, 0x55, 3 * MIB);
    block = cellar__huge_resize(block, 16 * MIB);
    CHECK(block != NULL);
    CHECK_EQ((uintptr_t)block % CELLAR_COLOUR_ROOM, colour);
    CHECK_EQ(cellar__huge_size(block), 16 * MIB);
    CHECK_EQ(block[0], 0x55);
    CHECK_EQ(block[3 * MIB - 1], 0x55);
    block[16 * MIB - 1] = 1;
    void *found;
    size_t size;
    CHECK(cellar__huge_find(block + 16 * MIB - 1, &found, &size));
    CHECK_PTR(found, block);
    CHECK(!cellar__huge_find(block + 16 * MIB, &found, &size));
    CHECK(!cellar__huge_find(block - 1, &found, &size));
    CHECK_PTR(cellar__huge_resize(block, PTRDIFF_MAX), NULL);
    CHECK(cellar__huge_free(block));
    start();
}

TEST(alignment_is_kept)
{
    start();
    for (size_t align = 4096; align <= 64 * (size_t)MIB; align *= 2) {
        char *block = cellar__huge_alloc(2 * MIB, align, false);
        CHECK(block != NULL);
        CHECK_EQ((uintptr_t)block % align, 0);
        block[0] = block[2 * MIB - 1] = 1;
        CHECK(cellar__huge_free(block));
    }
    start();
}

TEST(what_was_freed_serves_again)
{
    start();
    char *block = cellar__huge_alloc(4 * MIB, 1, false);
    memset(block, 0x77, 4 * MIB);
    CHECK(cellar__huge_free(block));
    CHECK_PTR(cellar__huge_alloc(7 * MIB / 2, 1, false), block); /* wastes less than a quarter */
    CHECK_EQ(cellar__huge_size(block), 4 * MIB);
    check(1, 4 * MIB, 0, 0);
    CHECK(cellar__huge_free(block));
    char *other = cellar__huge_alloc(2 * MIB, 1, false); /* would waste half */
    CHECK(other != block);
    check(1, 2 * MIB, 1, 4 * MIB);
    CHECK(cellar__huge_free(other));
    start();
}

/* H3: what was used is cleared when zeros are asked for. */
TEST(zeros_are_zeros)
{
    start();
    char *block = cellar__huge_alloc(2 * MIB, 1, false);
    memset(block, 0x77, 2 * MIB);
    CHECK(cellar__huge_free(block));
    char *again = cellar__huge_alloc(2 * MIB, 1, true);
    CHECK_PTR(again, block);
    for (size_t i = 0; i < 2 * MIB; i++) {
        CHECK_EQ(again[i], 0);
    }
    CHECK(cellar__huge_free(again));
    start();
}

TEST(free_refuses_what_is_not_the_begin_of_a_live_block)
{
    start();
    char *block = cellar__huge_alloc(2 * MIB, 1, false);
    CHECK(!cellar__huge_free(block + 4096));
    CHECK(!cellar__huge_free(block - 4096));
    CHECK(!cellar__huge_free(&block));
    CHECK_EQ(cellar__huge_size(block + 4096), 0);
    CHECK(cellar__huge_free(block));
    CHECK(!cellar__huge_free(block));
    CHECK_EQ(cellar__huge_size(block), 0);
    check(0, 0, 1, 2 * MIB);
    start();
}

TEST(find_tells_the_bounds)
{
    void *found = NULL;
    size_t size = 0;
    start();
    char *block = cellar__huge_alloc(2 * MIB, 1, false);
    CHECK(cellar__huge_find(block + 2 * MIB - 1, &found, &size));
    CHECK_PTR(found, block);
    CHECK_EQ(size, 2 * MIB);
    found = NULL;
    CHECK(!cellar__huge_find(block + 2 * MIB, &found, &size));
    CHECK(!cellar__huge_find(block - 1, &found, &size));
    CHECK_PTR(found, NULL);
    CHECK(cellar__huge_free(block));
    CHECK(!cellar__huge_find(block, &found, &size));
    start();
}

TEST(contains_knows_live_and_cached_mappings)
{
    start();
    char *block = cellar__huge_alloc(2 * MIB, 1, false);
    CHECK(cellar__huge_contains(block + 2 * MIB - 1));
    CHECK(!cellar__huge_contains(block + 2 * MIB));
    CHECK(cellar__huge_free(block));
    CHECK(cellar__huge_contains(block + 4096));
    CHECK(!cellar__huge_contains(block - 1));
    start();
    CHECK(!cellar__huge_contains(block));
}

TEST(resize_keeps_the_content)
{
    start();
    char *block = cellar__huge_alloc(2 * MIB, 1, false);
    block[0] = 1;
    block[2 * MIB - 1] = 2;
    block = cellar__huge_resize(block, 16 * MIB);
    CHECK(block != NULL);
    check(1, 16 * MIB, 0, 0);
    CHECK_EQ(block[0], 1);
    CHECK_EQ(block[2 * MIB - 1], 2);
    block[16 * MIB - 1] = 3;
    block = cellar__huge_resize(block, 2 * MIB);
    CHECK(block != NULL);
    check(1, 2 * MIB, 0, 0);
    CHECK_EQ(block[2 * MIB - 1], 2);
    CHECK(cellar__huge_free(block));
    start();
}

TEST(resize_that_fails_keeps_the_block)
{
    start();
    char *block = cellar__huge_alloc(2 * MIB, 1, false);
    block[2 * MIB - 1] = 2;
    cellar__fault_arm(CELLAR_FAULT_REMAP, 0, 1);
    CHECK_PTR(cellar__huge_resize(block, 4 * MIB), NULL);
    CHECK_PTR(cellar__huge_resize(block, 0), NULL);
    CHECK_PTR(cellar__huge_resize(block, SIZE_MAX), NULL);
    CHECK_PTR(cellar__huge_resize(block + 4096, 4 * MIB), NULL);
    CHECK_EQ(block[2 * MIB - 1], 2);
    check(1, 2 * MIB, 0, 0);
    CHECK(cellar__huge_free(block));
    start();
}

TEST(alloc_fails_without_addresses)
{
    start();
    CHECK_PTR(cellar__huge_alloc(SIZE_MAX, 1, false), NULL);
    CHECK_PTR(cellar__huge_alloc(PTRDIFF_MAX, 1, false), NULL);
    CHECK_PTR(cellar__huge_alloc(2 * MIB, (size_t)1 << 62, false), NULL);
    cellar__fault_arm(CELLAR_FAULT_MAP, 0, UINT32_MAX);
    CHECK_PTR(cellar__huge_alloc(2 * MIB, 1, false), NULL);
    check(0, 0, 0, 0);
    start();
}

/* What is cached goes back before a request fails. */
TEST(refused_mapping_is_tried_again_after_a_purge)
{
    start();
    CHECK(cellar__huge_free(cellar__huge_alloc(2 * MIB, 1, false)));
    check(0, 0, 1, 2 * MIB);
    cellar__fault_arm(CELLAR_FAULT_MAP, 0, 1);
    char *block = cellar__huge_alloc(8 * MIB, 1, false);
    CHECK(block != NULL);
    check(1, 8 * MIB, 0, 0);
    CHECK(cellar__huge_free(block));
    start();
}

TEST(cache_is_bounded)
{
    void *blocks[40];
    struct cellar__huge_usage usage;
    start();
    for (size_t i = 0; i < 40; i++) {
        blocks[i] = cellar__huge_alloc(8 * MIB, 1, false);
        CHECK(blocks[i] != NULL);
    }
    for (size_t i = 0; i < 40; i++) {
        CHECK(cellar__huge_free(blocks[i]));
        cellar__huge_usage(&usage);
        CHECK_LE(usage.cached_bytes, 128 * (size_t)MIB); /* H2 */
        CHECK_LE(usage.ncached, 32);
    }
    CHECK_GT(usage.ncached, 0);
    start();
}

TEST(old_mappings_go_back)
{
    start();
    CHECK(cellar__huge_free(cellar__huge_alloc(2 * MIB, 1, false)));
    cellar__huge_tick();
    check(0, 0, 1, 2 * MIB);
    cellar__huge_set_decay_ms(0);
    cellar__huge_tick();
    check(0, 0, 0, 0);
}

TEST(mapping_that_cannot_be_unmapped_stays_cached)
{
    start();
    char *block = cellar__huge_alloc(2 * MIB, 1, false);
    memset(block, 0x77, 2 * MIB);
    CHECK(cellar__huge_free(block));
    cellar__fault_arm(CELLAR_FAULT_UNMAP, 0, UINT32_MAX);
    CHECK_EQ(cellar__huge_purge_all(), 0);
    check(0, 0, 1, 2 * MIB);
    char *again = cellar__huge_alloc(2 * MIB, 1, true);
    CHECK_PTR(again, block);
    CHECK_EQ(again[0] | again[2 * MIB - 1], 0);
    cellar__fault_disarm_all();
    CHECK(cellar__huge_free(again));
    start();
}

TEST_MAIN()
