/*
 * Blocks of 16 to 16000 bytes, large ones seldom, replaced in random order; some of them are freed by the next
 * thread.
 *
 * After the description of rpmalloc's benchmark (Mattias Jansson). A step of a thread chooses one of its
 * RPTEST_BLOCKS places at random and puts a new block there. The block that was there is freed, or, CROSS times
 * in a hundred, goes to the next thread:
 *
 *   thread 0 ---> inbox 1, thread 1 ---> inbox 2, thread 2 ---> ... ---> inbox 0
 *
 * An inbox is a list through the blocks themselves, which any thread pushes to and its owner takes whole, so a
 * pointer is never compared after its block was freed. A thread looks into its inbox every RPTEST_INBOX_PERIOD
 * steps, and a last time when all threads have done their steps. With one thread the inbox is its own.
 *
 * An inbox takes RPTEST_INBOX_MAX blocks; what finds it full is freed where it is. Without that bound it would be as long
 * as its owner lags behind, and a row would tell when the scheduler let which thread run.
 *
 * An operation is one malloc and one free. OPERATIONS is for all threads together.
 */
#include "result.h"
#include "stamp.h"
#include "team.h"

#include <stdatomic.h>
#include <stdbool.h>

enum {
    RPTEST_SIZE_MIN = 16,    /* bytes: a stamp and a link */
    RPTEST_SIZE_MAX = 16000, /* bytes */
    RPTEST_BLOCKS = 1000,
    RPTEST_INBOX_PERIOD = 64,
    RPTEST_INBOX_MAX = 1000, /* blocks, and one of each thread that pushes just now */
};

static const char RPTEST_USAGE[] = "rptest THREADS CROSS OPERATIONS";

/* How a block begins. */
struct rptest_block {
    uint64_t stamp;
    struct rptest_block *next;
};

struct rptest_thread {
    size_t index;
    size_t noperations;
    struct rptest_block *blocks[RPTEST_BLOCKS];
};

/* On a cache line of its own, or neighbours would slow each other whatever the allocator does. */
struct rptest_inbox {
    _Alignas(64) _Atomic(struct rptest_block *) first;
    _Atomic size_t nblocks;
};

static struct bench_team rptest_team;
static struct rptest_inbox rptest_inboxes[BENCH_THREADS_MAX];
static uint32_t rptest_sizes[BENCH_MIX_COUNT];
static size_t rptest_cross_percent;

/* Release publishes the stamp and the link to the owner that takes the list. False: the inbox is full. */
static bool rptest_inbox_insert(struct rptest_inbox *inbox, struct rptest_block *block)
{
    if (atomic_load_explicit(&inbox->nblocks, memory_order_relaxed) >= RPTEST_INBOX_MAX)
        return false;
    atomic_fetch_add_explicit(&inbox->nblocks, 1, memory_order_relaxed);
    struct rptest_block *first = atomic_load_explicit(&inbox->first, memory_order_relaxed);
    do {
        block->next = first;
    } while (!atomic_compare_exchange_weak_explicit(&inbox->first, &first, block, memory_order_release,
                                                    memory_order_relaxed));
    return true;
}

static void rptest_inbox_free(struct rptest_inbox *inbox)
{
    struct rptest_block *block = atomic_exchange_explicit(&inbox->first, NULL, memory_order_acquire);
    size_t ntaken = 0;
    while (block != NULL) {
        struct rptest_block *next = block->next;
        bench_stamp_free(block);
        block = next;
        ntaken++;
    }
    atomic_fetch_sub_explicit(&inbox->nblocks, ntaken, memory_order_relaxed);
}

static void rptest_step(struct rptest_thread *thread, uint64_t choice)
{
    struct rptest_block **place = &thread->blocks[bench_random_below(choice, RPTEST_BLOCKS)];
    struct rptest_inbox *next = &rptest_inboxes[(thread->index + 1) % rptest_team.nthreads];
    bool crosses = *place != NULL && bench_random_below(choice << 32, 100) < rptest_cross_percent;
    if (!crosses || !rptest_inbox_insert(next, *place))
        bench_stamp_free(*place);
    *place = bench_stamp_alloc(rptest_sizes[choice % BENCH_MIX_COUNT]);
}

static void *rptest_thread_run(void *argument)
{
    struct rptest_thread *thread = argument;
    struct rptest_inbox *inbox = &rptest_inboxes[thread->index];
    uint64_t random = bench_team_seed(thread->index);
    bench_team_ready(&rptest_team);
    for (size_t step = 0; step < thread->noperations; step++) {
        rptest_step(thread, bench_random(&random));
        if (step % RPTEST_INBOX_PERIOD == 0)
            rptest_inbox_free(inbox);
    }
    for (size_t i = 0; i < RPTEST_BLOCKS; i++)
        bench_stamp_free(thread->blocks[i]);
    bench_team_meet(&rptest_team);
    rptest_inbox_free(inbox);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s\n", RPTEST_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, RPTEST_USAGE);
    rptest_cross_percent = bench_number_get(argv[2], 0, 100, RPTEST_USAGE);
    size_t noperations = bench_number_get(argv[3], 1, SIZE_MAX / 2, RPTEST_USAGE);

    static struct rptest_thread threads[BENCH_THREADS_MAX];
    uint64_t random = BENCH_SEED;
    bench_sizes_fill_falling(rptest_sizes, RPTEST_SIZE_MIN, RPTEST_SIZE_MAX, &random);
    for (size_t i = 0; i < nthreads; i++) {
        threads[i].index = i;
        threads[i].noperations = bench_team_share(noperations, nthreads, i);
    }
    bench_team_start(&rptest_team, nthreads, rptest_thread_run, threads, sizeof(threads[0]));
    uint64_t start_ns = bench_team_go(&rptest_team);
    bench_team_meet(&rptest_team);
    bench_team_join(&rptest_team);
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
