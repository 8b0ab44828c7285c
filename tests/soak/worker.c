#include "soak/worker.h"

#include <pthread.h>

#include "soak/child.h"
#include "soak/faults.h"
#include "soak/gate.h"
#include "soak/ops.h"
#include "soak/request.h"
#include "soak/state.h"

enum { WORKER_BATCH = 64, WORKER_LIFE_MIN = 100, WORKER_LG_LIFE = 14 };

enum worker_state { WORKER_NONE, WORKER_RUNS, WORKER_ENDED };

struct worker {
    pthread_t thread;
    struct test_random random; /* of the coordinator while there is no thread, else of the thread */
    unsigned number;
    uint32_t state; /* enum worker_state, atomic */
};

static struct worker workers[SOAK_WORKERS_MAX];
static pthread_key_t worker_key;
static pthread_t worker_fault_thread;
static struct test_random worker_fault_random;

/* Frees after Cellar's own destructor has taken this thread's caches, and asks for more. */
static void worker_late(void *block)
{
    free(block);
    free(malloc(100));
}

static uint64_t worker_life(struct test_random *random)
{
    return WORKER_LIFE_MIN << test_random_below(random, WORKER_LG_LIFE);
}

static void *worker_run(void *arg)
{
    struct worker *worker = arg;
    struct test_random *random = &worker->random;
    pthread_setspecific(worker_key, malloc(1000));
    for (uint64_t left = worker_life(random); left > 0 && !soak_is_over();) {
        uint64_t n = left < WORKER_BATCH ? left : WORKER_BATCH;
        soak_gate_pass();
        soak_ops_run(random, worker->number, n);
        soak_child_fork_if_wanted(random, worker->number);
        left -= n;
    }
    __atomic_store_n(&worker->state, WORKER_ENDED, __ATOMIC_RELEASE);
    soak_gate_leave();
    return NULL;
}

/* A thread that cannot be had for a fault is started another time. */
static void worker_start(struct worker *worker)
{
    struct soak_call call = soak_call_begin("pthread_create", 0);
    soak_gate_enter();
    worker->state = WORKER_RUNS;
    int status = pthread_create(&worker->thread, NULL, worker_run, worker);
    if (status == 0) {
        soak_count(&soak_shared->counts.nthreads, 1);
        return;
    }
    worker->state = WORKER_NONE;
    soak_gate_leave();
    errno = status == EAGAIN ? ENOMEM : status; /* POSIX has EAGAIN for lack of memory too */
    soak_call_end(&call, NULL);
}

void soak_worker_restart(void)
{
    for (unsigned i = 0; i < soak_options.nthreads; i++) {
        if (workers[i].state == WORKER_NONE) {
            worker_start(&workers[i]);
        }
    }
}

void soak_worker_start_all(void)
{
    struct test_random seeds = {soak_options.seed};
    int status = pthread_key_create(&worker_key, worker_late);
    if (status != 0) {
        soak_error("pthread_key_create: %d", status);
        return;
    }
    for (unsigned i = 0; i < soak_options.nthreads; i++) {
        workers[i] = (struct worker){.number = i, .random = {test_random_next(&seeds)}};
    }
    soak_worker_restart();
}

void soak_worker_join_ended(void)
{
    for (unsigned i = 0; i < soak_options.nthreads; i++) {
        if (__atomic_load_n(&workers[i].state, __ATOMIC_ACQUIRE) == WORKER_ENDED) {
            pthread_join(workers[i].thread, NULL);
            workers[i].state = WORKER_NONE;
        }
    }
}

void soak_worker_join_all(void)
{
    for (unsigned i = 0; i < soak_options.nthreads; i++) {
        if (workers[i].state != WORKER_NONE) {
            pthread_join(workers[i].thread, NULL);
            workers[i].state = WORKER_NONE;
        }
    }
}

/* Spans of up to 8 ms, up to 16 ms apart. */
static void *worker_fault_run(void *arg)
{
    struct test_random *random = arg;
    while (!soak_is_over()) {
        soak_gate_pass();
        soak_sleep_ns(test_random_below(random, 16000000));
        soak_faults_open(random);
        soak_sleep_ns(test_random_below(random, 8000000));
        soak_faults_close();
    }
    soak_gate_leave();
    return NULL;
}

void soak_fault_thread_start(void)
{
    worker_fault_random = (struct test_random){~soak_options.seed};
    soak_gate_enter();
    int status = pthread_create(&worker_fault_thread, NULL, worker_fault_run, &worker_fault_random);
    if (status != 0) {
        soak_error("pthread_create of the fault thread: %d", status);
        _exit(1);
    }
}

void soak_fault_thread_join(void)
{
    pthread_join(worker_fault_thread, NULL);
}
