/*
 * The threads of a workload, and the moment at which they begin together.
 *
 *   main      start ......... go (the clock) ................. join (the clock again)
 *   thread        ready ......|............ its work ........|
 *
 * `ready` and `go` are two turns of one barrier: all threads exist before the clock is read, and none works
 * before it.
 */
#ifndef BENCH_TEAM_H
#define BENCH_TEAM_H

#include "bench.h"

#include <pthread.h>

enum { BENCH_THREADS_MAX = 256 };

struct bench_team {
    pthread_barrier_t barrier; /* of all threads and main */
    size_t nthreads;
    pthread_t handles[BENCH_THREADS_MAX];
};

static inline pthread_t bench_thread_create(void *(*run)(void *), void *argument)
{
    pthread_t handle;
    int error = pthread_create(&handle, NULL, run, argument);
    if (error != 0) {
        fprintf(stderr, "bench: pthread_create: error %d\n", error);
        exit(1);
    }
    return handle;
}

/* Thread i runs run on the i-th of nthreads arguments, each of argument_size bytes. */
static inline void bench_team_start(struct bench_team *team, size_t nthreads, void *(*run)(void *),
                                    void *arguments, size_t argument_size)
{
    team->nthreads = nthreads;
    pthread_barrier_init(&team->barrier, NULL, (unsigned)nthreads + 1);
    for (size_t i = 0; i < nthreads; i++)
        team->handles[i] = bench_thread_create(run, (char *)arguments + i * argument_size);
}

/* A turn of the barrier, for programs that need more of them than ready and go. */
static inline void bench_team_meet(struct bench_team *team)
{
    pthread_barrier_wait(&team->barrier);
}

/* The first thing a thread does. */
static inline void bench_team_ready(struct bench_team *team)
{
    bench_team_meet(team);
    bench_team_meet(team);
}

/* Main: lets the threads begin, and returns the time at which they did. */
static inline uint64_t bench_team_go(struct bench_team *team)
{
    bench_team_meet(team);
    uint64_t start_ns = bench_clock_ns();
    bench_team_meet(team);
    return start_ns;
}

static inline void bench_team_join(struct bench_team *team)
{
    for (size_t i = 0; i < team->nthreads; i++)
        pthread_join(team->handles[i], NULL);
    pthread_barrier_destroy(&team->barrier);
}

/* The share of thread number index in noperations, which all threads together do to the last one. */
static inline size_t bench_team_share(size_t noperations, size_t nthreads, size_t index)
{
    return noperations / nthreads + (index < noperations % nthreads);
}

/* A seed of its own for each thread, the same in each process. */
static inline uint64_t bench_team_seed(size_t index)
{
    uint64_t state = BENCH_SEED + index;
    return bench_random(&state) | 1;
}

#endif
