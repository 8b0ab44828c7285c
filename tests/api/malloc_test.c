/* levels: lib */
#include <cellar/malloc.h>

#include "test.h"

/* The compiler knows these functions: sizes and pointers that it cannot see keep it from warning and from folding. */
static size_t hide(size_t n)
{
    __asm__ volatile("" : "+r"(n));
    return n;
}

static const size_t too_large[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX - 15, SIZE_MAX};

TEST(version_is_that_of_the_header)
{
    CHECK_STR(cellar_version(), CELLAR_VERSION);
}

TEST(malloc_of_more_than_ptrdiff_max_fails)
{
    for (size_t i = 0; i < sizeof too_large / sizeof *too_large; i++) {
        errno = 0;
        CHECK_PTR(malloc(hide(too_large[i])), NULL);
        CHECK_EQ(errno, ENOMEM);
    }
    errno = 0;
    CHECK_PTR(malloc(hide(PTRDIFF_MAX)), NULL); /* admissible, but no machine has it */
    CHECK_EQ(errno, ENOMEM);
}

TEST(calloc_sees_the_product_overflow)
{
    errno = 0;
    CHECK_PTR(calloc(hide(SIZE_MAX / 2), hide(3)), NULL);
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
    CHECK_PTR(calloc(hide((size_t)1 << 32), hide((size_t)1 << 32)), NULL); /* wraps to 0 */
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
    CHECK_PTR(calloc(hide(((size_t)1 << 63) / 8), hide(8)), NULL); /* fits size_t, not ptrdiff_t */
    CHECK_EQ(errno, ENOMEM);
}

TEST(calloc_clears_what_was_used)
{
    static const size_t sizes[] = {1, 16, 100, 1024, 1025, 30000, 70000, 1 << 20, 3 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int round = 0; round < 3; round++) {
            unsigned char *block = calloc(1, hide(sizes[i]));
            CHECK(block != NULL);
            for (size_t at = 0; at < sizes[i]; at++) {
                CHECK_EQ(block[at], 0);
            }
            memset(block, 0xff, malloc_usable_size(block));
            free(block);
        }
    }
}

/* Small sizes are cleared by other means than large ones: each, in a block that was wholly written. */
TEST(calloc_clears_every_size)
{
    for (size_t size = 1; size <= 2048; size++) {
        unsigned char *dirty = malloc(hide(size));
        memset(dirty, 0xa5, malloc_usable_size(dirty));
        free(dirty);
        unsigned char *block = calloc(1, hide(size));
        CHECK_PTR(block, dirty);
        for (size_t i = 0; i < size; i++) {
            CHECK_EQ(block[i], 0);
        }
        free(block);
    }
}

/* A block stays while at least half of it remains in use, whatever its size; a class of 16 bytes has no half. */
TEST(realloc_stays_above_half)
{
    for (size_t size = 16; size <= 40000; size += size < 1200 ? 16 : 1616) {
        char *block = malloc(hide(size));
        size_t usable = malloc_usable_size(block);
        CHECK_PTR(realloc(block, hide(usable)), block);
        CHECK_PTR(realloc(block, hide(usable / 2)), block);
        char *grown = realloc(block, hide(usable + 1));
        CHECK(grown != NULL && malloc_usable_size(grown) > usable);
        char *shrunk = realloc(grown, 1);
        CHECK(malloc_usable_size(shrunk) < usable || usable == 16);
        free(shrunk);
    }
}

/* A text that grows a byte at a time has an eighth or a quarter more room at each move, up to a class, and not more. */
TEST(realloc_makes_room_to_grow)
{
    size_t nmoves = 0;
    char *text = malloc(1);
    for (size_t size = 2; size <= 32768; size++) {
        size_t before = malloc_usable_size(text);
        text = realloc(text, size);
        CHECK(text != NULL);
        size_t usable = malloc_usable_size(text);
        nmoves += usable != before;
        CHECK(usable == before || usable >= before + before / 8 || usable == 32768);
        CHECK_LE(usable, size + size / 2 + 15);
    }
    CHECK_LE(nmoves, 48); /* classes: 84 */
    free(text);
}

/* Aligned requests and plain ones come from the same zones, and each block has what was asked for. */
TEST(small_aligned_blocks)
{
    for (size_t align = 8; align <= 1024; align *= 2) {
        for (size_t size = 0; size <= 600; size++) {
            void *block;
            CHECK_EQ(posix_memalign(&block, hide(align), hide(size)), 0);
            CHECK_EQ((uintptr_t)block % align, 0);
            CHECK_GE(malloc_usable_size(block), size);
            free(block);
        }
    }
}

TEST(blocks_of_size_zero_are_distinct)
{
    void *blocks[100];
    for (size_t i = 0; i < 100; i++) {
        blocks[i] = i % 2 ? malloc(hide(0)) : calloc(hide(0), 8);
        CHECK(blocks[i] != NULL);
        for (size_t j = 0; j < i; j++) {
            CHECK(blocks[j] != blocks[i]);
        }
    }
    for (size_t i = 0; i < 100; i++) {
        free(blocks[i]);
    }
}

TEST(free_of_null_does_nothing)
{
    free(NULL);
    CHECK_EQ(malloc_usable_size(NULL), 0);
}

TEST(success_leaves_errno_alone)
{
    static const size_t sizes[] = {8, 40000, 200000, 5 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        errno = 4711;
        void *block = malloc(hide(sizes[i]));
        block = realloc(block, hide(2 * sizes[i]));
        CHECK_EQ(errno, 4711);
        free(block);
        CHECK_EQ(errno, 4711);
    }
}

TEST(usable_size_may_be_written_and_is_kept)
{
    for (size_t size = 0; size < 300000; size = size * 5 / 4 + 1) {
        char *block = malloc(size);
        size_t usable = malloc_usable_size(block);
        CHECK_GE(usable, size);
        memset(block, 0x31, usable);
        char *grown = realloc(block, usable); /* fits, so stays */
        CHECK_PTR(grown, block);
        free(grown);
    }
}

TEST(realloc_of_null_is_malloc)
{
    char *block = realloc(NULL, hide(50));
    CHECK(block != NULL);
    CHECK_GE(malloc_usable_size(block), 50);
    free(block);
    block = realloc(NULL, hide(0));
    CHECK(block != NULL);
    free(block);
}

TEST(realloc_to_zero_frees)
{
    void *block = malloc(hide(48));
    errno = 0;
    CHECK_PTR(realloc(block, hide(0)), NULL);
    CHECK_EQ(errno, 0);
    CHECK_PTR(malloc(hide(48)), block);
    free(block);
}

TEST(realloc_that_fails_keeps_the_block)
{
    static const size_t sizes[] = {64, 100000, 2 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *block = malloc(sizes[i]);
        memset(block, 0x62, sizes[i]);
        for (size_t j = 0; j < sizeof too_large / sizeof *too_large; j++) {
            errno = 0;
            CHECK_PTR(realloc(block, hide(too_large[j])), NULL);
            CHECK_EQ(errno, ENOMEM);
        }
        CHECK_PTR(realloc(block, hide(PTRDIFF_MAX)), NULL);
        CHECK_GE(malloc_usable_size(block), sizes[i]);
        CHECK_EQ(block[0], 0x62);
        CHECK_EQ(block[sizes[i] - 1], 0x62);
        free(block);
    }
}

/* Up through the classes, the runs and the mappings, and down again. */
TEST(realloc_keeps_the_content)
{
    size_t size = 1;
    char *block = malloc(size);
    block[0] = 'x';
    for (; size < (size_t)20 << 20; size *= 3) {
        block = realloc(block, 3 * size);
        CHECK(block != NULL);
        CHECK_EQ(block[0], 'x');
        CHECK_EQ(block[size - 1], 'x');
        memset(block, 'x', 3 * size);
    }
    for (; size > 1; size /= 3) {
        block = realloc(block, size);
        CHECK(block != NULL);
        CHECK_EQ(block[0], 'x');
        CHECK_EQ(block[size - 1], 'x');
    }
    free(block);
}

TEST(aligned_alloc_aligns)
{
    for (size_t align = 1; align <= (size_t)8 << 20; align *= 2) {
        for (size_t size = 0; size < 3000000; size = size * 7 + 5) {
            char *block = aligned_alloc(hide(align), size);
            CHECK(block != NULL);
            CHECK_EQ((uintptr_t)block % align, 0);
            CHECK_EQ((uintptr_t)block % 16, 0);
            CHECK_GE(malloc_usable_size(block), size);
            memset(block, 1, size);
            free(block);
        }
    }
}

TEST(aligned_alloc_refuses_what_is_no_power_of_two)
{
    static const size_t bad[] = {0, 3, 24, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        errno = 0;
        CHECK_PTR(aligned_alloc(hide(bad[i]), 64), NULL);
        CHECK_EQ(errno, EINVAL);
    }
}

TEST(aligned_alloc_fails_when_there_is_no_room)
{
    errno = 0;
    CHECK_PTR(aligned_alloc(64, hide(SIZE_MAX - 64)), NULL);
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
    CHECK_PTR(aligned_alloc(hide((size_t)1 << 62), 64), NULL);
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
    CHECK_PTR(aligned_alloc(hide((size_t)1 << 63), hide(SIZE_MAX)), NULL);
    CHECK_EQ(errno, ENOMEM);
}

TEST(posix_memalign_leaves_the_result_alone_when_it_fails)
{
    static char nowhere;
    void *const before = &nowhere;
    void *block = before;
    errno = 4711;
    CHECK_EQ(posix_memalign(&block, hide(0), 64), EINVAL);
    CHECK_EQ(posix_memalign(&block, hide(4), 64), EINVAL); /* less than a pointer */
    CHECK_EQ(posix_memalign(&block, hide(48), 64), EINVAL);
    CHECK_EQ(posix_memalign(&block, 64, hide(SIZE_MAX - 8)), ENOMEM);
    CHECK_EQ(posix_memalign(&block, 64, hide(PTRDIFF_MAX)), ENOMEM);
    CHECK_PTR(block, before);
    CHECK_EQ(errno, 4711);
    CHECK_EQ(posix_memalign(&block, 8, 64), 0);
    CHECK_EQ((uintptr_t)block % 16, 0);
    free(block);
}

TEST(aligned_blocks_can_be_resized)
{
    for (size_t align = 32; align <= 65536; align *= 2) {
        unsigned char *block = aligned_alloc(align, 100);
        memset(block, 0x44, 100);
        block = realloc(block, 100000);
        CHECK_EQ(block[0], 0x44);
        CHECK_EQ(block[99], 0x44);
        free(block);
    }
}

TEST(options_are_listed)
{
    size_t count = 0;
    const struct cellar_option *options = cellar_options(&count);
    bool has_fit = false;
    CHECK_GT(count, 5);
    for (size_t i = 0; i < count; i++) {
        const struct cellar_option *option = &options[i];
        CHECK(option->name && option->type && option->default_value && option->range && option->doc);
        CHECK(*option->doc != '\0');
        has_fit = has_fit || strcmp(option->name, "fit") == 0;
    }
    CHECK(has_fit);
}

TEST(stats_print_refuses_a_bad_descriptor)
{
    CHECK_EQ(cellar_stats_print(-1, CELLAR_STATS_JSON), -EBADF);
}

TEST(stats_print_writes_one_line_of_json)
{
    static char text[65536];
    int fds[2];
    CHECK_EQ(pipe(fds), 0);
    CHECK_EQ(cellar_stats_print(fds[1], CELLAR_STATS_JSON), 0);
    close(fds[1]);
    size_t size = 0;
    for (ssize_t got; (got = read(fds[0], text + size, sizeof text - 1 - size)) > 0;) {
        size += (size_t)got;
    }
    close(fds[0]);
    CHECK(strncmp(text, "{\"cellar_stats\":1,", 18) == 0);
    CHECK_PTR(strchr(text, '\n'), text + size - 1);
    CHECK(strstr(text, "\"malloc.16\"") != NULL);
}

TEST(memalign_rounds_the_alignment_up)
{
    static const size_t aligns[][2] = {{0, 16}, {1, 16}, {3, 4}, {24, 32}, {100, 128}, {5000, 8192}};
    for (size_t i = 0; i < sizeof aligns / sizeof *aligns; i++) {
        void *block = memalign(hide(aligns[i][0]), 40);
        CHECK(block != NULL);
        CHECK_EQ((uintptr_t)block % aligns[i][1], 0);
        free(block);
    }
    errno = 0;
    CHECK_PTR(memalign(hide(SIZE_MAX), 1), NULL);
    CHECK_EQ(errno, EINVAL);
}

TEST(reallocf_frees_what_it_cannot_grow)
{
    char *block = malloc(100);
    block = reallocf(block, 5000);
    CHECK(block != NULL);
    errno = 0;
    CHECK_PTR(reallocf(block, hide(SIZE_MAX)), NULL);
    CHECK_EQ(errno, ENOMEM);
    CHECK_PTR(malloc(5000), block);
    free(block);
}

TEST(recallocarray_clears_what_comes_and_what_goes)
{
    unsigned char *block = recallocarray(NULL, 0, 10, 10);
    CHECK(block != NULL && block[0] == 0 && block[99] == 0);
    memset(block, 0x77, 100);
    unsigned char *grown = recallocarray(block, 10, 30, 10);
    CHECK(grown != NULL && grown[0] == 0x77 && grown[99] == 0x77);
    for (size_t i = 100; i < 300; i++) {
        CHECK_EQ(grown[i], 0);
    }
    for (size_t i = 0; i < 100; i++) {
        CHECK_EQ(block[i], 0); /* free memory by now, which the library does not write to */
    }
    errno = 0;
    CHECK_PTR(recallocarray(grown, 3000, 1, 10), NULL);
    CHECK_EQ(errno, EINVAL);
    CHECK_PTR(recallocarray(grown, 30, hide(SIZE_MAX / 2), 10), NULL);
    CHECK_EQ(errno, ENOMEM);
    CHECK_EQ(grown[99], 0x77);
    freezero(grown, 300);
    CHECK_EQ(grown[99], 0);
    freezero(NULL, 8);
}

/* Of sizes beyond a KiB: 12 KiB lie in slabs, 300 KB are runs. Two steps of the classes are less than a quarter. */
TEST(what_waits_in_the_next_size_serves_a_smaller_one)
{
    for (size_t size = 12 << 10; size <= 300000; size += 300000 - (12 << 10)) {
        size_t smaller = malloc_good_size(size);
        size_t larger = malloc_good_size(smaller + 1);
        for (size_t i = 0; i < 100; i++) { /* until the larger has earned a bucket */
            free(malloc(larger));
        }
        malloc_trim(0); /* so that nothing waits in either */
        char *block = malloc(larger);
        memset(block, 'x', larger);
        free(block);
        char *again = calloc(1, smaller);
        CHECK_PTR(again, block);
        CHECK_EQ(malloc_usable_size(again), larger);
        CHECK(again[0] == 0 && again[smaller - 1] == 0);
        again = realloc(again, larger);
        CHECK_PTR(again, block);
        free(again);
    }
}

/* A block that waits in the next classes may be larger, by a quarter of the size at most. */
TEST(good_size_is_usable_at_least)
{
    for (size_t size = 0; size < (3 << 20); size = size * 5 / 4 + 1) {
        void *block = malloc(size);
        CHECK_GE(malloc_usable_size(block), malloc_good_size(size));
        CHECK_LE(malloc_usable_size(block), malloc_good_size(size) * 5 / 4);
        CHECK_EQ(malloc_size(block), malloc_usable_size(block));
        free_sized(block, size);
    }
    CHECK_EQ(malloc_good_size(SIZE_MAX), SIZE_MAX);
    CHECK_EQ(malloc_size(NULL), 0);
    free_aligned_sized(aligned_alloc(64, 100), 64, 100);
}

TEST_MAIN()
