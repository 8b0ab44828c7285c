/*
 * A threaded program that lives on malloc and free, and checks every block it gets back.
 *
 * Each of THREADS threads has a shelf of blocks of its own. A step chooses a place on the shelf at random and
 * does one of two things with the block there:
 *
 *   replace   the block is checked and freed, and another of a random size is allocated in its place;
 *   hand over the block is exchanged for the one in a random slot of the counter, which all threads share: so
 * a block is freed, sooner or later, by a thread that did not allocate it.
 *
 * A block is stamped over its whole length with words that follow from its identity, and is checked before it
 * is freed, so two blocks that overlap, or a block that changed after it was handed out, end the program with
 * status 1.
 *
 *        thread 0              thread 1
 *     [b][b][b][b]..        [b][b][b][b]..     shelves: CHURN_SHELF_BLOCKS blocks each, private
 *            \                 /
 *           [b][b][b][b][b][b]..               counter: CHURN_COUNTER_SLOTS atomic pointers
 *
 * Prints one line that begins with the operations (one malloc and one free) a second.
 */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    CHURN_THREADS_MAX = 256,
    CHURN_SHELF_BLOCKS = 2000,
    CHURN_COUNTER_SLOTS = 512,
    CHURN_HAND_OVER_PERIOD = 4, /* one step in four is a hand-over */
    CHURN_LARGE_PERIOD = 1024,  /* one allocation in this many is large, up to CHURN_LARGE_SIZE_MAX */
    CHURN_LARGE_SIZE_MAX = 256 << 10,
};

static const char CHURN_USAGE[] = "churn [THREADS [OPERATIONS]]";

/*
 * The head of every block. size is in bytes, the head included; the seal follows from all else in the head
 * and from the address, so a size that was overwritten is noticed before it is believed; the words follow
 * from identity.
 */
struct churn_block {
    uint32_t size;
    uint32_t seal;
    uint64_t identity;
    uint64_t words[];
};

struct churn_thread {
    /* constant once the thread runs */
    pthread_t handle;
    size_t nreplace;
    uint64_t random_seed;
    const uint32_t *sizes;
    /* the thread's own; read by others after it is joined */
    size_t nhanded_over;
    size_t nbytes;
    struct churn_block *shelf[CHURN_SHELF_BLOCKS];
};

static _Atomic(struct churn_block *) churn_counter[CHURN_COUNTER_SLOTS];

static uint32_t churn_block_seal(const struct churn_block *block)
{
    uint64_t mixed = (block->identity ^ (uint64_t)(uintptr_t)block) + block->size;
    return (uint32_t)((mixed * BENCH_SEED) >> 32);
}

static size_t churn_block_nwords(const struct churn_block *block)
{
    return (block->size - sizeof(*block)) / sizeof(uint64_t);
}

static uint64_t churn_block_word(const struct churn_block *block, size_t index)
{
    return block->identity ^ (uint64_t)(index * 0x0101010101010101u);
}

static struct churn_block *churn_block_create(size_t size, uint64_t identity)
{
    struct churn_block *block = malloc(size);
    if (block == NULL) {
        perror("churn: malloc");
        exit(1);
    }
    block->size = (uint32_t)size;
    block->identity = identity;
    block->seal = churn_block_seal(block);
    size_t nwords = churn_block_nwords(block);
    for (size_t i = 0; i < nwords; i++)
        block->words[i] = churn_block_word(block, i);
    return block;
}

static void churn_block_check(const struct churn_block *block)
{
    uint64_t difference = block->seal ^ churn_block_seal(block);
    size_t nwords = difference == 0 ? churn_block_nwords(block) : 0;
    for (size_t i = 0; i < nwords; i++)
        difference |= block->words[i] ^ churn_block_word(block, i);
    if (difference != 0) {
        fprintf(stderr, "churn: the block at %p was changed by another owner\n", (const void *)block);
        exit(1);
    }
}

static void churn_block_destroy(struct churn_block *block)
{
    if (block == NULL)
        return;
    churn_block_check(block);
    /* A second free, or a stale reader, then meets a stamp that is wrong. */
    block->identity = ~block->identity;
    free(block);
}

static size_t churn_size_choose(const uint32_t *sizes, uint64_t random)
{
    if (random % CHURN_LARGE_PERIOD == 0)
        return sizeof(struct churn_block) + bench_random_below(random, CHURN_LARGE_SIZE_MAX);
    return sizes[random % BENCH_MIX_COUNT];
}

static void churn_replace(struct churn_thread *thread, struct churn_block **place, uint64_t *random)
{
    churn_block_destroy(*place);
    uint64_t identity = bench_random(random);
    *place = churn_block_create(churn_size_choose(thread->sizes, identity), identity);
    thread->nbytes += (*place)->size;
}

static void churn_hand_over(struct churn_thread *thread, struct churn_block **place, uint64_t choice)
{
    /* Release publishes the stamps of the block given, acquire shows those of the block taken. */
    *place =
        atomic_exchange_explicit(&churn_counter[choice % CHURN_COUNTER_SLOTS], *place, memory_order_acq_rel);
    thread->nhanded_over++;
}

static void *churn_thread_run(void *argument)
{
    struct churn_thread *thread = argument;
    uint64_t random = thread->random_seed;
    for (size_t done = 0; done < thread->nreplace;) {
        uint64_t choice = bench_random(&random);
        struct churn_block **place = &thread->shelf[bench_random_below(choice, CHURN_SHELF_BLOCKS)];
        if ((choice >> 16) % CHURN_HAND_OVER_PERIOD == 0) {
            churn_hand_over(thread, place, choice);
        } else {
            churn_replace(thread, place, &random);
            done++;
        }
    }
    for (size_t i = 0; i < CHURN_SHELF_BLOCKS; i++)
        churn_block_destroy(thread->shelf[i]);
    return NULL;
}

static void churn_threads_start(struct churn_thread *threads, size_t nthreads, size_t noperations,
                                const uint32_t *sizes)
{
    uint64_t random = BENCH_SEED;
    for (size_t i = 0; i < nthreads; i++) {
        threads[i].sizes = sizes;
        threads[i].random_seed = bench_random(&random) | 1;
        threads[i].nreplace = noperations / nthreads + (i < noperations % nthreads);
        int error = pthread_create(&threads[i].handle, NULL, churn_thread_run, &threads[i]);
        if (error != 0) {
            fprintf(stderr, "churn: pthread_create: error %d\n", error);
            exit(1);
        }
    }
}

static void churn_threads_join(struct churn_thread *threads, size_t nthreads)
{
    for (size_t i = 0; i < nthreads; i++)
        pthread_join(threads[i].handle, NULL);
    for (size_t i = 0; i < CHURN_COUNTER_SLOTS; i++)
        churn_block_destroy(atomic_load_explicit(&churn_counter[i], memory_order_relaxed));
}

int main(int argc, char **argv)
{
    if (argc > 3) {
        fprintf(stderr, "usage: %s\n", CHURN_USAGE);
        return 2;
    }
    size_t nthreads = argc > 1 ? bench_number_get(argv[1], 1, CHURN_THREADS_MAX, CHURN_USAGE) : 4;
    size_t noperations = argc > 2 ? bench_number_get(argv[2], 1, SIZE_MAX / 2, CHURN_USAGE) : 10000000;

    static uint32_t sizes[BENCH_MIX_COUNT];
    uint64_t random = BENCH_SEED;
    bench_mix_fill(sizes, &random);
    struct churn_thread *threads = calloc(nthreads, sizeof(*threads));
    if (threads == NULL) {
        perror("churn: calloc");
        return 1;
    }

    uint64_t start_ns = bench_clock_ns();
    churn_threads_start(threads, nthreads, noperations, sizes);
    churn_threads_join(threads, nthreads);
    double seconds = (double)(bench_clock_ns() - start_ns) / 1e9;

    size_t nhanded_over = 0;
    size_t nbytes = 0;
    for (size_t i = 0; i < nthreads; i++) {
        nhanded_over += threads[i].nhanded_over;
        nbytes += threads[i].nbytes;
    }
    printf("%.0f ops/s: %zu threads, %zu operations, %zu blocks handed over, %zu MiB allocated and checked\n",
           (double)noperations / seconds, nthreads, noperations, nhanded_over, nbytes >> 20);
    free(threads);
    return 0;
}
