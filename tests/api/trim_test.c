/* levels: lib */
/* malloc_trim gives memory back at once, and the page-aligned and array calls keep their contracts. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/self.h"
#include "test.h"

static size_t resident_pages(void)
{
    return self_resident() / (size_t)sysconf(_SC_PAGESIZE);
}

TEST(trim_gives_a_spike_back)
{
    enum { NBLOCKS = 4000, SIZE = 5000 };
    static char *blocks[NBLOCKS];
    free(malloc(1));
    malloc_trim(0);
    size_t before = resident_pages();
    for (size_t i = 0; i < NBLOCKS; i++) {
        blocks[i] = malloc(SIZE);
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 1, SIZE);
    }
    CHECK(resident_pages() > before + NBLOCKS);
    for (size_t i = 0; i < NBLOCKS; i++) {
        free(blocks[i]);
    }
    CHECK_EQ(malloc_trim(0), 1);
    CHECK(resident_pages() < before + 100); /* pages: descriptors of the spike stay */
    CHECK_EQ(malloc_trim(0), 0);
}

/* What is freed is of another class than what is asked for; it must serve all the same. */
TEST(blocks_that_grow_in_place_do_not_pile_up)
{
    enum { NROUNDS = 200, SIZE = 64 << 10 };
    size_t before = 0;
    for (size_t i = 0; i < NROUNDS; i++) {
        char *block = malloc(SIZE);
        CHECK(block != NULL);
        memset(block, 1, SIZE);
        block = realloc(block, (size_t)2 * SIZE);
        CHECK(block != NULL);
        memset(block, 1, (size_t)2 * SIZE);
        free(block);
        before = i == 1 ? resident_pages() : before;
    }
    CHECK_LE(resident_pages(), before + 4 * SIZE / (size_t)sysconf(_SC_PAGESIZE));
}

/* Blocks of one class after the other, as texts that grow together: what waits of one class serves the next. */
TEST(what_waits_of_one_class_serves_the_next)
{
    enum { NBLOCKS = 400 };
    static char *blocks[NBLOCKS];
    malloc_trim(0);
    size_t before = self_resident();
    size_t most = 0;
    for (size_t size = 1100; size < 30000; size += size / 4) {
        for (size_t i = 0; i < NBLOCKS; i++) {
            blocks[i] = malloc(size);
            CHECK(blocks[i] != NULL);
            memset(blocks[i], 1, size);
        }
        most = NBLOCKS * size;
        for (size_t i = 0; i < NBLOCKS; i++) {
            free(blocks[i]);
        }
    }
    CHECK_LE(self_resident(), before + most + most * 3 / 4); /* the others waiting on top: 2.4 times */
}

TEST(trim_gives_a_freed_mapping_back)
{
    malloc_trim(0); /* else what the tests before this one left goes meanwhile */
    size_t before = resident_pages();
    char *block = malloc(32u << 20);
    CHECK(block != NULL);
    memset(block, 1, 32u << 20);
    free(block);
    CHECK(resident_pages() > before + 8000);
    CHECK_EQ(malloc_trim(0), 1);
    CHECK(resident_pages() < before + 100);
}

TEST(blocks_outlive_a_trim)
{
    char *block = malloc(300);
    memset(block, 'x', 300);
    free(malloc(300));
    malloc_trim(0);
    for (size_t i = 0; i < 300; i++) {
        CHECK_EQ(block[i], 'x');
    }
    char *other = malloc(300);
    CHECK(other != block);
    free(other);
    free(block);
}

TEST(reallocarray_checks_the_product)
{
    char *block = reallocarray(NULL, 10, 20);
    CHECK(block != NULL && malloc_usable_size(block) >= 200);
    errno = 0;
    volatile size_t many = SIZE_MAX / 2;
    CHECK(reallocarray(block, many, 3) == NULL);
    CHECK_EQ(errno, ENOMEM);
    memset(block, 1, 200); /* still ours */
    block = reallocarray(block, 100, 20);
    CHECK(block != NULL && block[199] == 1);
    free(block);
}

TEST(valloc_and_pvalloc_are_page_aligned)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *one = valloc(10);
    char *two = pvalloc(page + 1);
    CHECK(one != NULL && two != NULL);
    CHECK_EQ((uintptr_t)one % page, 0);
    CHECK_EQ((uintptr_t)two % page, 0);
    CHECK(malloc_usable_size(two) >= 2 * page);
    memset(two, 1, 2 * page);
    free(one);
    free(two);
}

/* Through a pointer that the compiler cannot see through: clang takes errno for unchanged across valloc. */
static void check_refuses(void *(*volatile function)(size_t))
{
    errno = 0;
    CHECK(function(SIZE_MAX - 5) == NULL);
    CHECK_EQ(errno, ENOMEM);
}

TEST(pages_refuse_what_wraps)
{
    check_refuses(pvalloc);
    check_refuses(valloc);
}

TEST_MAIN()
