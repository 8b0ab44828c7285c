/* levels: base os */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "os/os.h"
#include "test.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define MIB ((size_t)1 << 20)

static size_t page_size(void)
{
    return cellar__os_machine()->page_size;
}

static bool is_zero(const char *addr, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (addr[i] != 0) {
            return false;
        }
    }
    return true;
}

/* True when no mapping overlaps the range: msync says ENOMEM of what is not mapped. */
static bool is_unmapped(char *addr, size_t size)
{
    for (size_t at = 0; at < size; at += page_size()) {
        if (msync(addr + at, page_size(), MS_ASYNC) == 0 || errno != ENOMEM) {
            return false;
        }
    }
    return true;
}

TEST(reserved_memory_cannot_be_touched)
{
    volatile char *base = cellar__os_reserve(MIB, page_size(), NULL);
    CHECK(base != NULL);
    EXPECT_SIGNAL(base[0] = 1, SIGSEGV, "");
    EXPECT_SIGNAL((void)base[MIB - 1], SIGSEGV, "");
    CHECK_EQ(cellar__os_unmap((void *)base, MIB), 0);
}

TEST(reserve_and_map_are_aligned_and_leave_nothing_behind)
{
    for (size_t align = page_size(); align <= 64 * MIB; align *= 2) {
        char *reserved = cellar__os_reserve(3 * page_size(), align, NULL);
        char *mapped = cellar__os_map(3 * page_size(), align);
        CHECK(reserved != NULL && mapped != NULL);
        CHECK_EQ((uintptr_t)reserved % align, 0);
        CHECK_EQ((uintptr_t)mapped % align, 0);
        CHECK(is_zero(mapped, 3 * page_size()));
        CHECK_EQ(cellar__os_unmap(reserved, 3 * page_size()), 0);
        CHECK_EQ(cellar__os_unmap(mapped, 3 * page_size()), 0);
        CHECK(is_unmapped(mapped, 3 * page_size()));
    }
}

/* The sum of all mappings, in pages, as the kernel counts it. */
static unsigned long mapped_pages(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    CHECK_EQ(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return pages;
}

TEST(alignment_wastes_no_addresses)
{
    mapped_pages(); /* what stdio takes is taken */
    unsigned long before = mapped_pages();
    for (int i = 0; i < 8; i++) {
        CHECK(cellar__os_reserve(page_size(), 32 * MIB, NULL) != NULL);
    }
    CHECK_EQ(mapped_pages() - before, 8);
}

TEST(reserve_refuses_what_cannot_be)
{
    CHECK_PTR(cellar__os_reserve((size_t)1 << 62, page_size(), NULL), NULL);
    CHECK_PTR(cellar__os_reserve(SIZE_MAX - page_size() + 1, (size_t)1 << 40, NULL), NULL);
    CHECK_PTR(cellar__os_map((size_t)1 << 62, page_size()), NULL);
}

TEST(reserve_heeds_a_hint_that_is_free)
{
    char *first = cellar__os_reserve(8 * MIB, 2 * MIB, NULL);
    CHECK(first != NULL);
    CHECK_EQ(cellar__os_unmap(first, 4 * MIB), 0);
    CHECK_PTR(cellar__os_reserve(4 * MIB, 2 * MIB, first), first);
    char *other = cellar__os_reserve(4 * MIB, 2 * MIB, first); /* taken: somewhere else */
    CHECK(other != NULL && other != first);
    CHECK_EQ(cellar__os_unmap(first, 8 * MIB), 0);
    CHECK_EQ(cellar__os_unmap(other, 4 * MIB), 0);
}

TEST(committed_memory_is_zero_and_the_rest_stays_closed)
{
    volatile char *base = cellar__os_reserve(16 * page_size(), page_size(), NULL);
    CHECK_EQ(cellar__os_commit((void *)base, 4 * page_size()), 0);
    CHECK(is_zero((char *)base, 4 * page_size()));
    base[4 * page_size() - 1] = 1;
    EXPECT_SIGNAL(base[4 * page_size()] = 1, SIGSEGV, "");
    CHECK_EQ(cellar__os_commit((void *)base, 4 * page_size()), 0); /* again: idempotent, nothing lost */
    CHECK_EQ(base[4 * page_size() - 1], 1);
    cellar__os_unmap((void *)base, 16 * page_size());
}

TEST(commit_of_nothing_mapped_fails)
{
    char *base = cellar__os_reserve(page_size(), page_size(), NULL);
    CHECK_EQ(cellar__os_unmap(base, page_size()), 0);
    CHECK_EQ(cellar__os_commit(base, page_size()), -ENOMEM);
}

TEST(purged_memory_reads_as_zero_and_stays_writable)
{
    char *base = cellar__os_map(4 * page_size(), page_size());
    memset(base, 0x5a, 4 * page_size());
    CHECK_EQ(cellar__os_purge(base + page_size(), 2 * page_size()), 0);
    CHECK(is_zero(base + page_size(), 2 * page_size()));
    CHECK_EQ(base[page_size() - 1], 0x5a);
    CHECK_EQ(base[3 * page_size()], 0x5a);
    base[page_size()] = 1;
    cellar__os_unmap(base, 4 * page_size());
}

/* Whether exactly the pages of the mask are resident, the first in its lowest bit. */
static bool is_resident(const char *base, size_t npages, unsigned mask)
{
    bool pages[8];
    CHECK_EQ(cellar__os_resident(base, npages * page_size(), pages), 0);
    for (size_t i = 0; i < npages; i++) {
        if (pages[i] != (mask >> i & 1)) {
            return false;
        }
    }
    return true;
}

TEST(resident_pages_are_those_that_were_written)
{
    bool page = true;
    char *base = cellar__os_map(8 * page_size(), page_size());
    cellar__os_huge_pages(base, 8 * page_size(), false);
    CHECK(is_resident(base, 8, 0));
    base[page_size()] = 1;
    base[5 * page_size()] = 1;
    base[6 * page_size()] = 1;
    CHECK(is_resident(base, 8, 0x62));
    CHECK(is_resident(base + page_size(), 5, 0x11));
    CHECK_EQ(cellar__os_purge(base, 6 * page_size()), 0);
    CHECK(is_resident(base, 8, 0x40));
    cellar__os_unmap(base, 8 * page_size());
    CHECK_EQ(cellar__os_resident(base, page_size(), &page), -ENOMEM);
    CHECK(page);
}

/* Whether the mapping that begins at the address is left out of core dumps ("dd" in its VmFlags). */
static bool is_left_out_of_dumps(const void *addr)
{
    char line[512];
    bool here = false;
    bool left_out = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        uintptr_t begin;
        uintptr_t end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
            here = begin <= (uintptr_t)addr && (uintptr_t)addr < end;
        } else if (here && strncmp(line, "VmFlags:", 8) == 0) {
            left_out = strstr(line, " dd") != NULL;
        }
    }
    fclose(file);
    return left_out;
}

/* Those of the range, and what they held stays; a kernel that has no such call leaves all to the first write. */
TEST(populated_pages_are_resident)
{
    char *base = cellar__os_map(8 * page_size(), page_size());
    cellar__os_huge_pages(base, 8 * page_size(), false);
    base[2 * page_size()] = 7;
    bool is_known = madvise(base + 3 * page_size(), page_size(), MADV_POPULATE_WRITE) == 0;
    cellar__os_populate(base + page_size(), 4 * page_size());
    CHECK(is_resident(base, 8, is_known ? 0x1e : 0x04));
    CHECK_EQ(base[2 * page_size()], 7);
    CHECK(is_zero(base + page_size(), page_size()));
    cellar__os_unmap(base, 8 * page_size());
    cellar__os_populate(base, page_size()); /* nothing is there: refused, and no harm */
}

TEST(core_dumps_hold_what_is_committed_only)
{
    char *base = cellar__os_reserve(16 * page_size(), page_size(), NULL);
    CHECK(base != NULL);
    CHECK(is_left_out_of_dumps(base));
    CHECK_EQ(cellar__os_commit(base, 4 * page_size()), 0);
    CHECK(!is_left_out_of_dumps(base));
    CHECK(is_left_out_of_dumps(base + 4 * page_size()));
    cellar__os_unmap(base, 16 * page_size());
}

TEST(zeros_are_writable_where_they_are_opened)
{
    volatile char *base = cellar__os_map_zeros(16 * page_size());
    CHECK(base != NULL && is_zero((const char *)base, 16 * page_size()));
    EXPECT_SIGNAL(base[0] = 1, SIGSEGV, "");
    CHECK_EQ(cellar__os_open((char *)base + page_size(), page_size()), 0);
    base[page_size()] = 1;
    EXPECT_SIGNAL(base[0] = 1, SIGSEGV, "");
    EXPECT_SIGNAL(base[2 * page_size()] = 1, SIGSEGV, "");
    CHECK_EQ(base[2 * page_size()], 0);
    CHECK_PTR(cellar__os_map_zeros((size_t)1 << 62), NULL);
    CHECK_EQ(cellar__os_unmap((char *)base, 16 * page_size()), 0);
    CHECK_EQ(cellar__os_open((char *)base, page_size()), -ENOMEM);
}

TEST(remap_keeps_the_content)
{
    char *base = cellar__os_map(2 * page_size(), page_size());
    base[0] = 1;
    base[2 * page_size() - 1] = 2;
    base = cellar__os_remap(base, 2 * page_size(), 64 * page_size());
    CHECK(base != NULL && base[0] == 1 && base[2 * page_size() - 1] == 2);
    CHECK(is_zero(base + 2 * page_size(), 62 * page_size()));
    base = cellar__os_remap(base, 64 * page_size(), page_size());
    CHECK(base != NULL && base[0] == 1);
    CHECK_PTR(cellar__os_remap(base, page_size(), (size_t)1 << 62), NULL);
    CHECK_EQ(base[0], 1);
    cellar__os_unmap(base, page_size());
}

TEST(errno_is_never_touched)
{
    char *base = cellar__os_map(page_size(), page_size());
    errno = 77;
    cellar__os_map((size_t)1 << 62, page_size());
    cellar__os_reserve((size_t)1 << 62, page_size(), NULL);
    cellar__os_map_zeros((size_t)1 << 62);
    cellar__os_open(base + 1, page_size());
    cellar__os_commit(base + 1, page_size());
    cellar__os_purge(base + 1, page_size());
    cellar__os_unmap(base + 1, page_size());
    cellar__os_remap(base, page_size(), (size_t)1 << 62);
    cellar__os_name(base + 1, page_size(), "x");
    cellar__os_huge_pages(base + 1, page_size(), true);
    CHECK_EQ(errno, 77);
    CHECK_EQ(cellar__os_commit(base + 1, page_size()), -EINVAL);
    cellar__os_unmap(base, page_size());
}

TEST(names_and_huge_pages_leave_memory_usable)
{
    char *base = cellar__os_map(4 * MIB, 2 * MIB);
    cellar__os_name(base, 4 * MIB, "cellar test");
    cellar__os_huge_pages(base, 4 * MIB, true); /* a kernel built without them refuses */
    cellar__os_huge_pages(base, 4 * MIB, false);
    memset(base, 1, 4 * MIB);
    CHECK_EQ(cellar__os_unmap(base, 4 * MIB), 0);
}

TEST_MAIN()
