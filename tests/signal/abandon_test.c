/* levels: all; sanitize: no; timeout: 300 */
/*
 * A signal handler that leaves malloc by a longjmp, at every instruction of the slow paths in turn: the processor steps
 * through them one by one (the trap flag of x86-64), and at the n-th step the handler of SIGTRAP jumps. A signal from
 * outside would not have come where the library blocks it: there the jump waits for the next instruction that is open.
 * After each jump nothing may be stuck or broken, and no block may be handed out twice.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#include <cellar/cellar.h>
#include <cellar/zone.h>

#include "arena/run.h"
#include "large/huge.h"
#include "malloc/heap.h"
#include "test.h"

#if defined(__x86_64__)

/* A thread that is made while the processor steps would step as well, with SIGTRAP blocked. */
const char *cellar_conf = "janitor:off";

static sigjmp_buf way_out;
static volatile long steps_taken;
static volatile long steps_wanted;

static void on_step(int number, siginfo_t *info, void *context)
{
    const ucontext_t *interrupted = context;
    (void)number;
    (void)info;
    if (steps_taken++ >= steps_wanted && !sigismember(&interrupted->uc_sigmask, SIGALRM)) {
        siglongjmp(way_out, 1);
    }
}

static void stepping_begin(void)
{
    __asm__ volatile("sub $128, %%rsp; pushfq; orq $0x100, (%%rsp); popfq; add $128, %%rsp" ::
                         : "memory", "cc");
}

static void stepping_end(void)
{
    __asm__ volatile("sub $128, %%rsp; pushfq; andq $-257, (%%rsp); popfq; add $128, %%rsp" ::
                         : "memory", "cc");
}

/* Runs the operation and leaves it after so many instructions or soon after. False when it came to its end first. */
static bool leave_after(long steps, void (*operation)(void))
{
    if (sigsetjmp(way_out, 1) != 0) {
        return true;
    }
    steps_taken = 0;
    steps_wanted = steps;
    stepping_begin();
    operation();
    stepping_end();
    return false;
}

enum {
    SIZE = 4000,
    BLOCKS = 40
}; /* a size whose buckets are short: two of four items a thread, 128 in the depot */

static void *held[BLOCKS];

static void check_heap(void)
{
    for (unsigned id = 1; id <= CELLAR_CLASS_NSLAB; id++) {
        CHECK(cellar__zone_get((uint16_t)id) == NULL || cellar__keg_check(cellar__heap_keg(id)) == NULL);
    }
    CHECK_PTR(cellar__arena_check(&cellar__heap_arena), NULL);
}

/* All blocks of a good many are distinct, and their contents stay. */
static void check_blocks(size_t size)
{
    static uint64_t *blocks[BLOCKS];
    for (uint64_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(size);
        CHECK(blocks[i] != NULL);
        blocks[i][0] = i;
        blocks[i][size / 8 - 1] = ~i;
    }
    for (uint64_t i = 0; i < BLOCKS; i++) {
        CHECK_EQ(blocks[i][0], i);
        CHECK_EQ(blocks[i][size / 8 - 1], ~i);
        free(blocks[i]);
    }
}

/* Leaves the operation at each of its instructions, from the 300th on at every ninth; prepared anew. */
static void leave_everywhere(void (*prepare)(void), void (*operation)(void), size_t size)
{
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    CHECK_EQ(sigaction(SIGTRAP, &action, NULL), 0);
    long left = 0;
    prepare();
    for (long steps = 0; leave_after(steps, operation); steps = steps_taken + (steps_taken < 300 ? 0 : 8)) {
        left++;
        check_blocks(size);
        check_heap();
        prepare();
    }
    test_print(1, "# left %ld times in %ld instructions\n", left, steps_taken);
    CHECK_GT(left, 20);
}

static void prepare_nothing(void) {}

static void prepare_empty_caches(void)
{
    malloc_trim(0);
}

static void allocate_small(void)
{
    held[0] = malloc(SIZE);
}

/* The bucket is empty, the depot too: a filling from the keg, every few times with a new slab. */
TEST(malloc_that_fills_a_bucket)
{
    leave_everywhere(prepare_empty_caches, allocate_small, SIZE);
}

/* Now the bucket has items, or the depot has: what was left before the fill is found again. */
TEST(malloc_from_bucket_or_depot)
{
    leave_everywhere(prepare_nothing, allocate_small, SIZE);
}

static void allocate_held(void)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        held[i] = malloc(SIZE);
        CHECK(held[i] != NULL);
    }
}

static void free_held(void)
{
    for (size_t i = 0; i < 12; i++) { /* more than two buckets of four */
        free(held[i]);
    }
}

TEST(free_that_exchanges_buckets)
{
    leave_everywhere(allocate_held, free_held, SIZE);
}

/* Behind the held blocks, so many are freed that the depot has no room for a bucket more. */
static void prepare_full_depot(void)
{
    static void *others[300];
    allocate_held();
    for (size_t i = 0; i < 300; i++) {
        others[i] = malloc(SIZE);
        CHECK(others[i] != NULL);
    }
    for (size_t i = 0; i < 300; i++) {
        free(others[i]);
    }
}

TEST(free_that_drains_to_the_keg)
{
    leave_everywhere(prepare_full_depot, free_held, SIZE);
}

static void trim(void)
{
    malloc_trim(0);
}

TEST(trim)
{
    leave_everywhere(allocate_held, trim, SIZE);
}

static void use_large(void)
{
    void *block = malloc(200000);
    block = realloc(block, 300000);
    free(block);
    free(calloc(1, 600000));
}

/* A zone of a program: one that counts, so that an item's way is the long one. */
static struct cellar_zone *zone;

static void zone_use(void)
{
    for (size_t i = 0; i < 12; i++) {
        held[i] = cellar_zone_alloc(zone, NULL, 0);
        CHECK(held[i] != NULL);
    }
    for (size_t i = 0; i < 12; i++) {
        cellar_zone_free(zone, held[i], NULL);
    }
}

static void zone_check_items(void)
{
    static uint64_t *items[BLOCKS];
    CHECK_PTR(cellar_zone_check(zone), NULL);
    CHECK_EQ(cellar_zone_alloc_batch(zone, (void **)items, BLOCKS, NULL, 0), BLOCKS);
    for (uint64_t i = 0; i < BLOCKS; i++) {
        items[i][0] = i;
    }
    for (uint64_t i = 0; i < BLOCKS; i++) {
        CHECK_EQ(items[i][0], i);
    }
    cellar_zone_free_batch(zone, (void **)items, BLOCKS, NULL);
}

static void zone_prepare(void)
{
    if (zone == NULL) {
        struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "left", .size = SIZE};
        zone = cellar_zone_create(&attr);
        CHECK(zone != NULL);
        CHECK_EQ(cellar_zone_set_max(zone, 1000000), 0);
    } else {
        zone_check_items();
    }
    cellar_zone_reclaim(zone, CELLAR_ZONE_DRAIN_ALL);
}

TEST(items_of_a_zone)
{
    leave_everywhere(zone_prepare, zone_use, SIZE);
}

TEST(large_blocks)
{
    leave_everywhere(prepare_empty_caches, use_large, 200000);
}

static void use_huge(void)
{
    void *block = malloc(3 << 20);
    block = realloc(block, 5 << 20);
    free(block);
}

TEST(huge_blocks)
{
    leave_everywhere(prepare_empty_caches, use_huge, 2 << 20);
    struct cellar__huge_usage usage;
    cellar__huge_usage(&usage);
    CHECK_LE(usage.ncached, 32);
}

#else

TEST(needs_a_processor_that_steps) {}

#endif

TEST_MAIN()
