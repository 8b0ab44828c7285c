/*
 * Producers allocate, consumers free: no block is freed by the thread that allocated it.
 *
 * After the producer and consumer test of Lever and Boreham, "malloc() performance in a multithreaded Linux
 * environment" (FREENIX 2000). Blocks travel in batches, so that the queue, two locks for
 * HANDOVER_BATCH_BLOCKS blocks, costs little beside them. The batches are static and go round:
 *
 *             empty queue ---> producer fills
 *                  ^                |
 *          consumer frees <--- full queue
 *
 * There are HANDOVER_BATCHES_PER_THREAD batches for each thread, which bounds what producers are ahead.
 * SIZE is in bytes; 0 is a mix, log-uniform from 16 to 512. The last producer sends each consumer a NULL, its
 * end.
 *
 * An operation is one malloc by a producer and one free by a consumer.
 */
#include "result.h"
#include "stamp.h"
#include "team.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

enum {
    HANDOVER_BATCH_BLOCKS = 120,
    HANDOVER_BATCHES_PER_THREAD = 4,
    HANDOVER_BATCHES_MAX = BENCH_THREADS_MAX * HANDOVER_BATCHES_PER_THREAD,
    HANDOVER_YIELDS = 100,                          /* before a thread sleeps on an empty queue */
    HANDOVER_RING_COUNT = 2 * HANDOVER_BATCHES_MAX, /* room for all batches and the NULLs of the end */
};

static const char HANDOVER_USAGE[] = "handover PRODUCERS CONSUMERS SIZE OPERATIONS";

struct handover_batch {
    size_t nblocks;
    void *blocks[HANDOVER_BATCH_BLOCKS];
};

/* Never full: it has room for more than there is to put into it. */
struct handover_queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    _Atomic size_t first; /* both count on and on, changed under the mutex; first <= end */
    _Atomic size_t end;
    struct handover_batch *ring[HANDOVER_RING_COUNT];
};

struct handover_thread {
    size_t index; /* producers come first */
    size_t nblocks;
};

static struct bench_team handover_team;
static size_t handover_nproducers;
static size_t handover_nconsumers;
static _Atomic size_t handover_nproducing; /* producers that have not ended */
static size_t handover_size;
static uint32_t handover_sizes[BENCH_MIX_COUNT];
static struct handover_batch handover_batches[HANDOVER_BATCHES_MAX];
static struct handover_queue handover_empty = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                                               .filled = PTHREAD_COND_INITIALIZER};
static struct handover_queue handover_full = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                                              .filled = PTHREAD_COND_INITIALIZER};

static void handover_queue_insert(struct handover_queue *queue, struct handover_batch *batch)
{
    pthread_mutex_lock(&queue->mutex);
    queue->ring[queue->end++ % HANDOVER_RING_COUNT] = batch;
    pthread_mutex_unlock(&queue->mutex);
    pthread_cond_signal(&queue->filled);
}

static bool handover_queue_is_empty(struct handover_queue *queue)
{
    return atomic_load_explicit(&queue->first, memory_order_relaxed) ==
           atomic_load_explicit(&queue->end, memory_order_relaxed);
}

/* The other side is seldom late by more than a few batches: a sleep and a wakeup would cost more than they. */
static struct handover_batch *handover_queue_remove(struct handover_queue *queue)
{
    for (size_t i = 0; i < HANDOVER_YIELDS && handover_queue_is_empty(queue); i++)
        sched_yield();
    pthread_mutex_lock(&queue->mutex);
    while (handover_queue_is_empty(queue))
        pthread_cond_wait(&queue->filled, &queue->mutex);
    struct handover_batch *batch = queue->ring[queue->first++ % HANDOVER_RING_COUNT];
    pthread_mutex_unlock(&queue->mutex);
    return batch;
}

static void handover_produce(const struct handover_thread *thread)
{
    uint64_t random = bench_team_seed(thread->index);
    for (size_t done = 0; done < thread->nblocks;) {
        struct handover_batch *batch = handover_queue_remove(&handover_empty);
        size_t nleft = thread->nblocks - done;
        batch->nblocks = nleft < HANDOVER_BATCH_BLOCKS ? nleft : HANDOVER_BATCH_BLOCKS;
        for (size_t i = 0; i < batch->nblocks; i++) {
            size_t mixed = handover_sizes[bench_random(&random) % BENCH_MIX_COUNT];
            batch->blocks[i] = bench_stamp_alloc(handover_size != 0 ? handover_size : mixed);
        }
        done += batch->nblocks;
        handover_queue_insert(&handover_full, batch);
    }
    if (atomic_fetch_sub(&handover_nproducing, 1) != 1)
        return;
    for (size_t i = 0; i < handover_nconsumers; i++)
        handover_queue_insert(&handover_full, NULL);
}

static void handover_consume(void)
{
    struct handover_batch *batch;
    while ((batch = handover_queue_remove(&handover_full)) != NULL) {
        for (size_t i = 0; i < batch->nblocks; i++)
            bench_stamp_free(batch->blocks[i]);
        handover_queue_insert(&handover_empty, batch);
    }
}

static void *handover_thread_run(void *argument)
{
    const struct handover_thread *thread = argument;
    bench_team_ready(&handover_team);
    if (thread->index < handover_nproducers)
        handover_produce(thread);
    else
        handover_consume();
    return NULL;
}

static uint64_t handover_run(size_t noperations)
{
    static struct handover_thread threads[BENCH_THREADS_MAX];
    size_t nthreads = handover_nproducers + handover_nconsumers;
    atomic_store(&handover_nproducing, handover_nproducers);
    for (size_t i = 0; i < nthreads; i++) {
        threads[i].index = i;
        if (i < handover_nproducers)
            threads[i].nblocks = bench_team_share(noperations, handover_nproducers, i);
    }
    for (size_t i = 0; i < nthreads * HANDOVER_BATCHES_PER_THREAD; i++)
        handover_queue_insert(&handover_empty, &handover_batches[i]);
    bench_team_start(&handover_team, nthreads, handover_thread_run, threads, sizeof(threads[0]));
    uint64_t start_ns = bench_team_go(&handover_team);
    bench_team_join(&handover_team);
    return bench_clock_ns() - start_ns;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s\n", HANDOVER_USAGE);
        return 2;
    }
    handover_nproducers = bench_number_get(argv[1], 1, BENCH_THREADS_MAX / 2, HANDOVER_USAGE);
    handover_nconsumers = bench_number_get(argv[2], 1, BENCH_THREADS_MAX / 2, HANDOVER_USAGE);
    handover_size = bench_number_get(argv[3], 0, INT32_MAX, HANDOVER_USAGE);
    if (handover_size > 0 && handover_size < sizeof(uint64_t))
        handover_size = sizeof(uint64_t); /* the stamp's */
    size_t noperations = bench_number_get(argv[4], 1, SIZE_MAX / 2, HANDOVER_USAGE);
    uint64_t random = BENCH_SEED;
    bench_mix_fill(handover_sizes, &random);

    uint64_t ns = handover_run(noperations);
    bench_result_print((double)ns / (double)noperations, noperations);
    return 0;
}
