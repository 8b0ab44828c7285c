/* levels: lib */
/* What glibc's <malloc.h> asks about a heap is answered about this one. */
#include <cellar/malloc.h>

#include "test.h"

/* Freed runs that are too short, and no neighbours, go back when a longer one makes a new peak beside them. The first test, as
 * others hold more. */
TEST(a_new_peak_takes_the_place_of_what_waits)
{
    enum { NBLOCKS = 96, SHORT = 128 << 10, LONG = 900 << 10 };
    char *blocks[NBLOCKS];
    char *longs[2];
    malloc_trim(0);
    for (size_t i = 0; i < NBLOCKS; i++) {
        blocks[i] = malloc(SHORT);
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 1, SHORT);
    }
    for (size_t i = 0; i < NBLOCKS; i += 2) {
        free(blocks[i]);
    }
    size_t before = mallinfo2().arena;
    for (size_t i = 0; i < 2; i++) {
        longs[i] = malloc(LONG);
        CHECK(longs[i] != NULL);
    }
    CHECK_LE(mallinfo2().arena, before + (256 << 10));
    free(longs[0]);
    free(longs[1]);
    for (size_t i = 1; i < NBLOCKS; i += 2) {
        free(blocks[i]);
    }
}

TEST(mallinfo_follows_live_blocks)
{
    enum { COUNT = 1000, SIZE = 1000 };
    static void *blocks[COUNT];
    struct mallinfo2 before = mallinfo2();
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = malloc(SIZE);
    }
    struct mallinfo2 during = mallinfo2();
    CHECK_GE(during.uordblks, before.uordblks + COUNT * SIZE);
    CHECK_LE(during.uordblks, before.uordblks + COUNT * SIZE * 9 / 8);
    CHECK_GE(during.arena, during.uordblks);
    CHECK_EQ(during.fordblks, during.arena - during.uordblks);
    for (size_t i = 0; i < COUNT; i++) {
        free(blocks[i]);
    }
    struct mallinfo2 after = mallinfo2();
    CHECK_EQ(after.uordblks, before.uordblks);
    CHECK_GT(after.fsmblks, 0);
}

TEST(mallinfo_tells_huge_blocks_apart)
{
    struct mallinfo2 before = mallinfo2();
    void *block = malloc(6 << 20);
    struct mallinfo2 during = mallinfo2();
    CHECK_EQ(during.hblks, before.hblks + 1);
    CHECK_EQ(during.hblkhd, before.hblkhd + (6 << 20));
    CHECK_EQ(during.uordblks, before.uordblks);
    free(block);
    CHECK_EQ(mallinfo2().hblks, before.hblks);
    CHECK_GE(mallinfo2().keepcost, 6 << 20);
    malloc_trim(0);
    CHECK_EQ(mallinfo2().keepcost, 0);
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

TEST(narrow_mallinfo_stops_at_the_largest_number)
{
    void *block = malloc((size_t)3 << 30); /* addresses only */
    CHECK(block != NULL);
    CHECK_EQ(mallinfo().hblkhd, INT32_MAX);
    CHECK_EQ(mallinfo().hblks, (int)mallinfo2().hblks);
    free(block);
}

static size_t print_info(char *text, size_t size)
{
    FILE *stream = fmemopen(text, size, "w");
    CHECK(stream != NULL);
    CHECK_EQ(malloc_info(0, stream), 0);
    size_t length = (size_t)ftell(stream);
    fclose(stream);
    return length;
}

TEST(malloc_info_has_glibcs_elements)
{
    static char text[32768];
    void *block = malloc(6 << 20);
    size_t length = print_info(text, sizeof text);
    text[length] = '\0';
    CHECK(strncmp(text, "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n", 43) == 0);
    CHECK(strstr(text, "\" count=\"") != NULL);
    CHECK(strstr(text, "</heap>\n<total type=\"fast\"") != NULL);
    CHECK(strstr(text, "<total type=\"mmap\" count=\"1\" size=\"6291456\"/>\n<system type=\"current\"") !=
          NULL);
    CHECK(strcmp(text + length - 10, "</malloc>\n") == 0);
    free(block);
}

TEST(malloc_info_refuses_options)
{
    errno = 0;
    CHECK_EQ(malloc_info(1, stdout), -1);
    CHECK_EQ(errno, EINVAL);
}

TEST(malloc_info_says_when_the_stream_fails)
{
    FILE *full = fopen("/dev/full", "w");
    CHECK(full != NULL);
    setvbuf(full, NULL, _IONBF, 0);
    CHECK_EQ(malloc_info(0, full), -1);
    fclose(full);
}

TEST(mallopt_knows_the_parameters_of_the_header)
{
    CHECK_EQ(mallopt(M_TRIM_THRESHOLD, 1 << 20), 1);
    CHECK_EQ(mallopt(M_ARENA_MAX, 2), 1);
    CHECK_EQ(mallopt(M_PERTURB, 1), 1);
    CHECK_EQ(mallopt(12345, 1), 0);
}

/* What large blocks outgrew joins, and serves the next size: eight that double together need no second heap. */
TEST(blocks_that_grow_leave_nothing_behind)
{
    enum { NBLOCKS = 8 };
    char *blocks[NBLOCKS] = {0};
    size_t peak = 0;
    for (size_t round = 0; round < 8; round++) {
        for (size_t size = (size_t)128 << 10; size <= (size_t)1 << 20; size *= 2) {
            for (size_t i = 0; i < NBLOCKS; i++) {
                blocks[i] = realloc(blocks[i], size);
                CHECK(blocks[i] != NULL);
            }
            size_t arena = mallinfo2().arena;
            peak = arena > peak ? arena : peak;
        }
        for (size_t i = 0; i < NBLOCKS; i++) {
            free(blocks[i]);
            blocks[i] = NULL;
        }
    }
    CHECK_GT(peak, NBLOCKS << 20);
    CHECK_LT(peak, (NBLOCKS << 20) * 7 / 4);
}

/* Bytes that buckets hold more, after 64 blocks of 4 to 20 KiB have grown by one part in so many. */
static ptrdiff_t grown_waiting(size_t part)
{
    enum { NBLOCKS = 64 };
    char *blocks[NBLOCKS];
    malloc_trim(0);
    for (size_t i = 0; i < NBLOCKS; i++) {
        blocks[i] = malloc(4200 + i * 256);
        CHECK(blocks[i] != NULL);
    }
    size_t before = mallinfo2().fsmblks;
    for (size_t i = 0; i < NBLOCKS; i++) {
        size_t size = malloc_usable_size(blocks[i]);
        blocks[i] = realloc(blocks[i], size + size / part);
        CHECK(blocks[i] != NULL);
    }
    size_t after = mallinfo2().fsmblks;
    for (size_t i = 0; i < NBLOCKS; i++) {
        free(blocks[i]);
    }
    return (ptrdiff_t)after - (ptrdiff_t)before;
}

/* What grows by little comes through every class and is to fill none; what doubles leaves its blocks to the next that does. */
TEST(blocks_that_grow_by_little_leave_nothing_in_buckets)
{
    CHECK_LE(grown_waiting(16), 0);
    CHECK_GT(grown_waiting(1), 0);
}

TEST_MAIN()
