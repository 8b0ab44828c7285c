#define _GNU_SOURCE
/* The supervisor: it shares nothing with the soaked process but the counters, so it survives whatever happens there. */
#include "soak/soak.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "soak/process.h"
#include "soak/state.h"
#include "soak/worker.h"
#include "test.h"

#define SUPERVISOR_TICK_NS UINT64_C(50000000)
#define SUPERVISOR_SECOND UINT64_C(1000000000)

static volatile sig_atomic_t supervisor_is_stopped;

struct supervisor {
    pid_t pid;
    int status; /* of waitpid, once the process has ended */
    uint64_t began_ns;
    uint64_t moved_ns; /* when the number of operations last changed */
    uint64_t noperations;
    uint64_t reported_ns;
};

struct soak_options soak_options_default(void)
{
    long ncpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned nthreads = (ncpus < 1 ? 1 : ncpus > 16 ? 16 : (unsigned)ncpus) + 4;
    return (struct soak_options){.seed = 1,
                                 .seconds = 600,
                                 .nthreads = nthreads,
                                 .memory = (size_t)512 << 20,
                                 .patience = 120,
                                 .report = 0,
                                 .plant = SOAK_PLANT_NONE};
}

void soak_stop(void)
{
    supervisor_is_stopped = 1;
}

static void supervisor_report(struct supervisor *supervisor, uint64_t now_ns)
{
    const struct soak_counts *counts = &soak_shared->counts;
    if (soak_options.report == 0 ||
        now_ns - supervisor->reported_ns < soak_options.report * SUPERVISOR_SECOND) {
        return;
    }
    supervisor->reported_ns = now_ns;
    test_print(1,
               "soak: %" PRIu64 " s of %u: %" PRIu64 " operations, %" PRIu64 " forks, %" PRIu64
               " threads, %" PRIu64 " faults, %" PRIu64 " looks at everything\n",
               (now_ns - supervisor->began_ns) / SUPERVISOR_SECOND, soak_options.seconds, counts->noperations,
               counts->nforks, counts->nthreads, counts->nfaults, counts->nquiet);
}

/* Whether the process is to be given up: it is over for long and does not end, or nothing moves. */
static bool supervisor_hangs(struct supervisor *supervisor, uint64_t now_ns)
{
    uint64_t noperations = __atomic_load_n(&soak_shared->counts.noperations, __ATOMIC_RELAXED);
    if (noperations != supervisor->noperations) {
        supervisor->noperations = noperations;
        supervisor->moved_ns = now_ns;
    }
    return now_ns - supervisor->moved_ns > soak_options.patience * SUPERVISOR_SECOND;
}

static bool supervisor_time_is_up(const struct supervisor *supervisor, uint64_t now_ns)
{
    return supervisor_is_stopped || now_ns - supervisor->began_ns > soak_options.seconds * SUPERVISOR_SECOND;
}

static void supervisor_watch(struct supervisor *supervisor)
{
    while (waitpid(supervisor->pid, &supervisor->status, WNOHANG) != supervisor->pid) {
        uint64_t now_ns = soak_now_ns();
        if (supervisor_time_is_up(supervisor, now_ns)) {
            __atomic_store_n(&soak_shared->is_over, 1, __ATOMIC_RELEASE);
        }
        if (supervisor_hangs(supervisor, now_ns)) {
            soak_error("no operation has ended for %u s", soak_options.patience);
            kill(supervisor->pid, SIGKILL);
            waitpid(supervisor->pid, &supervisor->status, 0);
            return;
        }
        supervisor_report(supervisor, now_ns);
        soak_sleep_ns(SUPERVISOR_TICK_NS);
    }
    if (WIFSIGNALED(supervisor->status)) {
        soak_error("the process ended with signal %d", WTERMSIG(supervisor->status));
    }
}

/* In the soaked process, which ends with the supervisor and leaves interrupts to it. */
static _Noreturn void supervisor_child_run(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    if (soak_options.plant != SOAK_PLANT_NONE) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
    }
    soak_process_run();
    _exit(0);
}

static void supervisor_run(void)
{
    uint64_t now_ns = soak_now_ns();
    struct supervisor supervisor = {.began_ns = now_ns, .moved_ns = now_ns, .reported_ns = now_ns};
    supervisor.pid = _Fork(); /* no handlers run, so the heap does not start here */
    if (supervisor.pid == 0) {
        supervisor_child_run();
    }
    if (supervisor.pid < 0) {
        soak_error("fork: errno %d", errno);
        return;
    }
    supervisor_watch(&supervisor);
}

void soak_run(const struct soak_options *options, struct soak_result *ret_result)
{
    soak_options = *options;
    if (soak_options.nthreads > SOAK_WORKERS_MAX) {
        soak_options.nthreads = SOAK_WORKERS_MAX;
    }
    soak_shared = mmap(NULL, sizeof *soak_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (soak_shared == MAP_FAILED) {
        *ret_result = (struct soak_result){.counts = {.nerrors = 1}, .error = "no memory for the counters"};
        return;
    }
    supervisor_run();
    ret_result->counts = soak_shared->counts;
    memcpy(ret_result->error, soak_shared->error, sizeof ret_result->error);
    munmap(soak_shared, sizeof *soak_shared);
}
