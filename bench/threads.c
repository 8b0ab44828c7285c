/*
 * Many threads that live for a short time, and leave something behind.
 *
 * Of OPERATIONS threads in all, LIVE run at a time. Each allocates THREADS_BLOCKS blocks of mixed sizes (log-
 * uniform, 16 to 512 bytes), frees all but THREADS_LEFT_BLOCKS of them, and ends; main joins the oldest, frees
 * what it left, and starts another in its place. What an allocator does at the first malloc of a thread and at
 * its end is most of what this shows.
 *
 * An operation is a thread: its start, its blocks, its end and the free of what it left. The clock runs from
 * before the first start, as starts are what is measured.
 */
#include "result.h"
#include "stamp.h"
#include "team.h"

enum {
    THREADS_BLOCKS = 100,
    THREADS_LEFT_BLOCKS = 4,
};

static const char THREADS_USAGE[] = "threads LIVE OPERATIONS";

/* A place for one thread after another: the thread's own while it lives, then main's. */
struct threads_place {
    pthread_t handle; /* main's */
    size_t nth;       /* which of all threads this is, the first being 0 */
    void *left[THREADS_LEFT_BLOCKS];
};

static uint32_t threads_sizes[BENCH_MIX_COUNT];

static void *threads_thread_run(void *argument)
{
    struct threads_place *place = argument;
    void *blocks[THREADS_BLOCKS];
    for (size_t i = 0; i < THREADS_BLOCKS; i++)
        blocks[i] = bench_stamp_alloc(threads_sizes[(place->nth * THREADS_BLOCKS + i) % BENCH_MIX_COUNT]);
    for (size_t i = 0; i < THREADS_LEFT_BLOCKS; i++)
        place->left[i] = blocks[i];
    for (size_t i = THREADS_LEFT_BLOCKS; i < THREADS_BLOCKS; i++)
        bench_stamp_free(blocks[i]);
    return NULL;
}

static void threads_place_empty(struct threads_place *place)
{
    pthread_join(place->handle, NULL);
    for (size_t i = 0; i < THREADS_LEFT_BLOCKS; i++)
        bench_stamp_free(place->left[i]);
}

static void threads_run(size_t nlive, size_t nthreads)
{
    static struct threads_place places[BENCH_THREADS_MAX];
    for (size_t i = 0; i < nthreads; i++) {
        struct threads_place *place = &places[i % nlive];
        if (i >= nlive)
            threads_place_empty(place);
        place->nth = i;
        place->handle = bench_thread_create(threads_thread_run, place);
    }
    for (size_t i = 0; i < nlive && i < nthreads; i++)
        threads_place_empty(&places[i]);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", THREADS_USAGE);
        return 2;
    }
    size_t nlive = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, THREADS_USAGE);
    size_t nthreads = bench_number_get(argv[2], 1, SIZE_MAX / 2, THREADS_USAGE);
    uint64_t random = BENCH_SEED;
    bench_mix_fill(threads_sizes, &random);

    uint64_t start_ns = bench_clock_ns();
    threads_run(nlive, nthreads);
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)nthreads, nthreads);
    return 0;
}
