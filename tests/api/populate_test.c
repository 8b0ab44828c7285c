/* levels: lib */
/* A class that has many slabs gets the pages of a further one at once; one that has few, or larger blocks, as they are written. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { SLAB_SIZE = 64 << 10, NSLABS_MAX = 64 };

/* Of pages that hold memory, in the slab of the block. */
static size_t slab_resident(uintptr_t slab)
{
    unsigned char pages[SLAB_SIZE / 4096];
    size_t npages = SLAB_SIZE / (size_t)sysconf(_SC_PAGESIZE);
    size_t count = 0;
    CHECK_EQ(mincore((void *)slab, SLAB_SIZE, pages), 0);
    for (size_t i = 0; i < npages; i++) {
        count += pages[i] & 1;
    }
    return count;
}

/* Pages that the n-th slab of the class has when its first block goes out, all blocks before being kept and none written. */
static size_t resident_of_new_slab(size_t size, size_t n)
{
    static uintptr_t slabs[NSLABS_MAX];
    size_t nslabs = 0;
    while (nslabs < n) {
        uintptr_t block = (uintptr_t)malloc(size);
        CHECK(block != 0);
        uintptr_t slab = block / SLAB_SIZE * SLAB_SIZE;
        size_t i = 0;
        while (i < nslabs && slabs[i] != slab) {
            i++;
        }
        slabs[i] = slab;
        nslabs += i == nslabs;
    }
    return slab_resident(slabs[n - 1]);
}

static bool kernel_populates(void)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool populates = madvise(page, page_size, MADV_POPULATE_WRITE) == 0;
    munmap(page, page_size);
    return populates;
}

TEST(slabs_of_a_large_class_come_with_their_pages)
{
    size_t all = SLAB_SIZE / (size_t)sysconf(_SC_PAGESIZE);
    CHECK_EQ(resident_of_new_slab(496, 8), 0);
    CHECK_EQ(resident_of_new_slab(496, 24), kernel_populates() ? all : 0);
}

TEST(slabs_of_blocks_of_a_page_do_not)
{
    CHECK_EQ(resident_of_new_slab(4096, 24), 0);
}

TEST_MAIN()
