#include "soak/child.h"

#include <pthread.h>

#include "soak/faults.h"
#include "soak/ops.h"
#include "soak/quiet.h"
#include "soak/state.h"

enum { CHILD_MAX = 2, CHILD_LG_OPERATIONS = 14 };

static bool child_is_wanted; /* atomic */
static int child_nalive;     /* atomic */

struct child_thread {
    struct test_random random;
    unsigned worker;
};

static void child_verify(void)
{
    for (size_t i = 0; i < soak_table_nslots(); i++) {
        struct soak_slot *slot = soak_table_take_at(i);
        if (slot->block.base != NULL) {
            if (soak_plant_hits(SOAK_PLANT_CHILD)) {
                soak_pattern_spoil(&slot->block);
            }
            soak_ops_verify(slot, "in a forked child");
        }
        soak_table_put(slot);
    }
}

static void child_free(void)
{
    for (size_t i = 0; i < soak_table_nslots(); i++) {
        struct soak_slot *slot = soak_table_take_at(i);
        soak_ops_free(slot);
        soak_table_put(slot);
    }
}

static void *child_thread_run(void *arg)
{
    struct child_thread *thread = arg;
    soak_ops_run(&thread->random, thread->worker, 1 + test_random_below(&thread->random, 2000));
    return NULL;
}

/* A thread beside this one, on slots of its own and the common ones. */
static void child_run_threads(struct test_random *random, unsigned worker)
{
    pthread_t id;
    struct child_thread thread = {{test_random_next(random)}, (worker + 1) % soak_options.nthreads};
    int status = pthread_create(&id, NULL, child_thread_run, &thread);
    if (status != 0) {
        soak_error("pthread_create in a forked child: %d", status);
        return;
    }
    soak_ops_run(random, worker, 1 + test_random_below(random, 2000));
    pthread_join(id, NULL);
    soak_count(&soak_shared->counts.nthreads, 1);
}

static void child_work(struct test_random *random, unsigned worker)
{
    uint64_t n = test_random_below(random, UINT64_C(1) << test_random_below(random, CHILD_LG_OPERATIONS));
    bool with_faults = test_random_below(random, 2) == 0;
    if (with_faults) {
        soak_faults_open(random);
    }
    soak_ops_run(random, worker, n);
    if (with_faults) {
        soak_faults_close();
    }
}

static void child_judge(pid_t pid, int status)
{
    if (WIFSIGNALED(status)) {
        soak_error("child %d ended with signal %d", (int)pid, WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0 && soak_shared->counts.nerrors == 0) {
        soak_error("child %d ended with status %d", (int)pid, WEXITSTATUS(status));
    }
}

/* From the fork on. */
static void child_begin(struct test_random *random, unsigned worker)
{
    alarm(soak_options.patience);
    soak_faults_forget();
    soak_table_forget_taken();
    child_verify();
    child_work(random, worker);
    if (test_random_below(random, 4) == 0) {
        child_run_threads(random, worker);
    }
}

static _Noreturn void child_end(struct test_random *random)
{
    if (test_random_below(random, 2) == 0) {
        child_free();
    }
    soak_quiet_check_structure();
    _exit(soak_shared->counts.nerrors == 0 ? 0 : 1);
}

/* A fork from a child, that has lost its parent's other threads. */
static void child_fork(struct test_random *random, unsigned worker)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        child_begin(random, worker);
        child_end(random);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        soak_error("fork or waitpid in a forked child: errno %d", errno);
        return;
    }
    soak_count(&soak_shared->counts.nforks, 1);
    child_judge(pid, status);
}

static _Noreturn void child_run(struct test_random *random, unsigned worker)
{
    child_begin(random, worker);
    if (test_random_below(random, 4) == 0) {
        child_fork(random, worker);
    }
    child_end(random);
}

void soak_child_want(void)
{
    __atomic_store_n(&child_is_wanted, true, __ATOMIC_RELAXED);
}

static bool child_may_start(void)
{
    if (__atomic_add_fetch(&child_nalive, 1, __ATOMIC_RELAXED) <= CHILD_MAX) {
        return true;
    }
    __atomic_sub_fetch(&child_nalive, 1, __ATOMIC_RELAXED);
    return false;
}

void soak_child_fork_if_wanted(struct test_random *random, unsigned worker)
{
    if (!__atomic_load_n(&child_is_wanted, __ATOMIC_RELAXED) ||
        !__atomic_exchange_n(&child_is_wanted, false, __ATOMIC_RELAXED) || !child_may_start()) {
        return;
    }
    struct test_random own = {test_random_next(random)};
    pid_t pid = fork();
    if (pid == 0) {
        child_run(&own, worker);
    }
    if (pid < 0) {
        soak_error("fork: errno %d", errno);
        __atomic_sub_fetch(&child_nalive, 1, __ATOMIC_RELAXED);
        return;
    }
    soak_count(&soak_shared->counts.nforks, 1);
}

void soak_child_reap(bool all)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, all ? 0 : WNOHANG)) > 0;) {
        child_judge(pid, status);
        __atomic_sub_fetch(&child_nalive, 1, __ATOMIC_RELAXED);
    }
}
