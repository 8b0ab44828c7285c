/* levels: base large/zero os/panic os/file; with: fake/machine.c */
#include "large/zero.h"

#include "base/bits.h"
#include "fake/machine.h"
#include "os/os.h"
#include "test.h"

enum { PAGE = 4096, CHUNK = CELLAR_OS_RESIDENT_MAX * PAGE, SIZE = 2 * CHUNK + 600 * 1024 + 1 };

static char memory[SIZE + PAGE] __attribute__((aligned(PAGE)));
static bool resident[SIZE / PAGE + 1]; /* as the kernel says */
static bool refuse_resident;
static bool refuse_purge;
static size_t nasked;
static size_t npurged;
static size_t purged_bytes;

int cellar__os_resident(const void *addr, size_t size, bool *ret_pages)
{
    CHECK_EQ(((uintptr_t)addr | size) % PAGE, 0);
    CHECK_LE(size, CHUNK);
    nasked++;
    if (refuse_resident) {
        return -ENOMEM;
    }
    memcpy(ret_pages, &resident[((const char *)addr - memory) / PAGE], size / PAGE);
    return 0;
}

int cellar__os_purge(void *addr, size_t size)
{
    CHECK_EQ(((uintptr_t)addr | size) % PAGE, 0);
    if (refuse_purge) {
        return -EAGAIN;
    }
    npurged++;
    purged_bytes += size;
    memset(addr, 0, size);
    return 0;
}

/* Nothing is resident, and all memory is full of what may have been in swap. */
static void start(void)
{
    memset(memory, 7, sizeof memory);
    memset(resident, false, sizeof resident);
    refuse_resident = refuse_purge = false;
    nasked = npurged = purged_bytes = 0;
}

static void check(size_t size)
{
    CHECK_PTR(cellar__zero_fill(memory, size), memory);
    for (size_t at = 0; at < size; at++) {
        CHECK_EQ(memory[at], 0);
    }
    CHECK_EQ(memory[cellar__round_up(size, PAGE)], 7); /* the next page is another's */
}

TEST(small_blocks_are_cleared_without_a_question)
{
    start();
    check((512 << 10) - 1);
    CHECK_EQ(nasked, 0);
    CHECK_EQ(npurged, 0);
}

TEST(what_holds_memory_is_cleared)
{
    start();
    memset(resident, true, sizeof resident);
    check(SIZE);
    CHECK_EQ(nasked, 3);
    CHECK_EQ(npurged, 0);
}

TEST(gaps_are_purged_apart)
{
    start();
    memset(resident, true, 100);
    memset(resident + 130, true, 2);
    memset(resident + 256, true, sizeof resident - 256);
    check(SIZE);
    CHECK_EQ(npurged, 2); /* 100 to 130, 132 to 256 */
    CHECK_EQ(purged_bytes, (30 + 124) * PAGE);
}

TEST(few_pages_go_with_the_others)
{
    start();
    for (size_t i = 0; i < 8; i++) { /* one in 32 */
        resident[30 * i] = true;
    }
    for (size_t i = 0; i < 9; i++) {
        resident[CELLAR_OS_RESIDENT_MAX + 28 * i] = true;
    }
    check(2 * CHUNK);
    CHECK_EQ(nasked, 2);
    CHECK_EQ(npurged, 1 + 9);
    CHECK_EQ(purged_bytes, CHUNK - PAGE + CHUNK - 9 * PAGE); /* but for the first */
}

TEST(a_short_chunk_has_fewer_pages)
{
    start();
    memset(resident, true, 4); /* of 128 */
    check(512 << 10);
    CHECK_EQ(npurged, 1);
    CHECK_EQ(purged_bytes, (512 << 10) - PAGE);
}

/* A block that begins in the middle of a page has that page to itself too. */
TEST(a_block_may_begin_anywhere)
{
    start();
    memset(resident, true, 40);
    CHECK_PTR(cellar__zero_fill(memory + 1000, 600 << 10), memory + 1000);
    CHECK_EQ(nasked, 1);
    CHECK_EQ(purged_bytes, (151 - 40) * PAGE);
    for (size_t at = 0; at < 151 * PAGE; at++) {
        CHECK_EQ(memory[at], 0);
    }
    CHECK_EQ(memory[151 * PAGE], 7);
}

TEST(refusals_are_made_good_by_clearing)
{
    start();
    refuse_resident = true;
    check(SIZE);
    CHECK_EQ(npurged, 0);
    start();
    refuse_purge = true;
    check(SIZE);
    CHECK_EQ(nasked, 3);
}

TEST_MAIN()
