/*
 * A server: requests come and go at random, and so do the threads that serve them.
 *
 * After Larson and Krishnan, "Memory allocation for long-running server applications" (ISMM 1998). THREADS
 * lines of service have a table of BLOCKS blocks each. A thread of a line replaces random blocks of the table
 * by blocks of random sizes, MIN to MAX bytes; after LARSON_PASSES * BLOCKS replacements it starts a thread
 * that takes over the table, and ends. So most blocks are freed by a thread that did not allocate them, long
 * after the one that did has gone.
 *
 *   line 0   [b][b][b][b]..   thread -> its successor -> ...
 *   line 1   [b][b][b][b]..   thread -> its successor -> ...
 *
 * A successor joins the thread before it; main joins the last of each line. Main fills the tables before the
 * clock starts and frees them after it stops.
 *
 * An operation is one replacement: a free and a malloc. OPERATIONS is for all threads together.
 */
#include "result.h"
#include "stamp.h"
#include "team.h"

enum { LARSON_PASSES = 20 };

static const char LARSON_USAGE[] = "larson THREADS MIN MAX BLOCKS OPERATIONS";

/* All of it belongs to the line's present thread. */
struct larson_line {
    size_t index;
    size_t nleft; /* operations */
    uint64_t random;
    void **blocks;
};

static struct bench_team larson_team;
static size_t larson_size_min;
static size_t larson_size_max;
static size_t larson_nblocks;

static void *larson_block_alloc(uint64_t random)
{
    return bench_stamp_alloc(larson_size_min +
                             bench_random_below(random << 32, larson_size_max - larson_size_min + 1));
}

static void larson_serve(struct larson_line *line)
{
    size_t nsteps = LARSON_PASSES * larson_nblocks;
    if (nsteps > line->nleft)
        nsteps = line->nleft;
    uint64_t random = line->random;
    for (size_t step = 0; step < nsteps; step++) {
        uint64_t choice = bench_random(&random);
        void **block = &line->blocks[bench_random_below(choice, larson_nblocks)];
        bench_stamp_free(*block);
        *block = larson_block_alloc(choice);
    }
    line->random = random;
    line->nleft -= nsteps;
}

static void *larson_successor_run(void *argument);

/* What each thread does once the line is its own. Main looks at the handles after all lines have met it. */
static void larson_line_run(struct larson_line *line)
{
    larson_serve(line);
    if (line->nleft != 0)
        bench_thread_create(larson_successor_run, line);
    else
        bench_team_meet(&larson_team);
}

static void *larson_successor_run(void *argument)
{
    struct larson_line *line = argument;
    pthread_join(larson_team.handles[line->index], NULL);
    larson_team.handles[line->index] = pthread_self();
    larson_line_run(line);
    return NULL;
}

static void *larson_first_run(void *argument)
{
    bench_team_ready(&larson_team);
    larson_line_run(argument);
    return NULL;
}

static void larson_lines_fill(struct larson_line *lines, size_t nlines, size_t noperations)
{
    for (size_t i = 0; i < nlines; i++) {
        lines[i].index = i;
        lines[i].nleft = bench_team_share(noperations, nlines, i);
        lines[i].random = bench_team_seed(i);
        lines[i].blocks = bench_table_map(larson_nblocks);
        for (size_t j = 0; j < larson_nblocks; j++)
            lines[i].blocks[j] = larson_block_alloc(bench_random(&lines[i].random));
    }
}

static void larson_lines_free(struct larson_line *lines, size_t nlines)
{
    for (size_t i = 0; i < nlines; i++) {
        for (size_t j = 0; j < larson_nblocks; j++)
            bench_stamp_free(lines[i].blocks[j]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s\n", LARSON_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, LARSON_USAGE);
    larson_size_min = bench_number_get(argv[2], sizeof(uint64_t), INT32_MAX, LARSON_USAGE);
    larson_size_max = bench_number_get(argv[3], larson_size_min, INT32_MAX, LARSON_USAGE);
    larson_nblocks = bench_number_get(argv[4], 1, INT32_MAX, LARSON_USAGE);
    size_t noperations = bench_number_get(argv[5], 1, SIZE_MAX / 2, LARSON_USAGE);

    static struct larson_line lines[BENCH_THREADS_MAX];
    larson_lines_fill(lines, nthreads, noperations);
    bench_team_start(&larson_team, nthreads, larson_first_run, lines, sizeof(lines[0]));
    uint64_t start_ns = bench_team_go(&larson_team);
    bench_team_meet(&larson_team);
    bench_team_join(&larson_team);
    uint64_t end_ns = bench_clock_ns();
    larson_lines_free(lines, nthreads);
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
