/* levels: lib; timeout: 300 */
#include <cellar/smr.h>

#include <pthread.h>

#include "test.h"

/* Threads read, retire and reclaim without a pause while another forks. */
enum { NREADERS = 2, NWRITERS = 2, NFORKS = 100 };

static struct cellar_smr *smr;
static uint64_t *node;      /* atomic; 1 while it may be held */
static uint32_t is_over;    /* atomic */
static uint64_t nretired;   /* atomic */
static uint64_t nreclaimed; /* atomic */

static void node_end(void *item, void *ctx)
{
    (void)ctx;
    *(volatile uint64_t *)item = 2;
    free(item);
    __atomic_add_fetch(&nreclaimed, 1, __ATOMIC_RELAXED);
}

static uint64_t *node_make(void)
{
    uint64_t *made = malloc(sizeof *made);
    CHECK(made != NULL);
    *made = 1;
    return made;
}

static void node_replace(void)
{
    uint64_t *old = __atomic_exchange_n(&node, node_make(), __ATOMIC_ACQ_REL);
    CHECK_EQ(cellar_smr_retire(smr, old, node_end, NULL), 0);
    __atomic_add_fetch(&nretired, 1, __ATOMIC_RELAXED);
}

static void node_read(void)
{
    cellar_smr_enter(smr);
    CHECK_EQ(*__atomic_load_n(&node, __ATOMIC_ACQUIRE), 1);
    cellar_smr_exit(smr);
}

static void *reader_run(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        node_read();
    }
    return NULL;
}

static void *writer_run(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        node_replace();
    }
    return NULL;
}

static void *child_thread(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < 1000; i++) {
        node_replace();
        node_read();
    }
    return NULL;
}

/* Sections of threads that do not exist here hold up nothing, and nothing that was pending is lost but what was in hand. */
static void child_run(void)
{
    struct cellar_smr_usage usage;
    pthread_t thread;
    alarm(60);
    cellar_smr_get_usage(smr, &usage);
    CHECK_EQ(usage.readers, 0);
    CHECK_EQ(cellar_smr_drain(smr), 0);
    cellar_smr_get_usage(smr, &usage);
    CHECK_EQ(usage.pending, 0);
    CHECK_EQ(pthread_create(&thread, NULL, child_thread, NULL), 0);
    child_thread(NULL);
    pthread_join(thread, NULL);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
    uint64_t lost = nretired - nreclaimed; /* a writer may have retired an item that it had not yet counted */
    CHECK(lost <= NWRITERS || -lost <= NWRITERS);
    _exit(0);
}

static void child_wait(pid_t pid)
{
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}

TEST(child_of_readers_and_writers)
{
    pthread_t threads[NREADERS + NWRITERS];
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .max_pending = 100};
    smr = cellar_smr_create(&attr);
    node = node_make();
    nretired = nreclaimed = 0;
    is_over = 0;
    for (size_t i = 0; i < NREADERS + NWRITERS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, i < NREADERS ? reader_run : writer_run, NULL), 0);
    }
    for (size_t round = 0; round < NFORKS; round++) {
        pid_t pid = fork();
        CHECK_GE(pid, 0);
        if (pid == 0) {
            child_run();
        }
        child_wait(pid);
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < NREADERS + NWRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQ(cellar_smr_destroy(smr), 0);
    CHECK_EQ(nretired, nreclaimed);
    free(node);
}

TEST(section_of_the_forking_thread_goes_on_in_both)
{
    smr = cellar_smr_create(NULL);
    cellar_smr_enter(smr);
    uint64_t goal = cellar_smr_advance(smr);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        CHECK(!cellar_smr_poll(smr, goal));
        cellar_smr_exit(smr);
        CHECK_EQ(cellar_smr_wait(smr, goal), 0);
        _exit(0);
    }
    child_wait(pid);
    CHECK(!cellar_smr_poll(smr, goal));
    cellar_smr_exit(smr);
    CHECK(cellar_smr_poll(smr, goal));
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

/* A reclaim function that forks: the child goes on in the middle of the batch. */
static void fork_in_hand(void *item, void *ctx)
{
    size_t *count = ctx;
    ++*count;
    if (item != NULL) {
        *(pid_t *)item = fork();
    }
}

TEST(fork_in_a_reclaim_function)
{
    pid_t pid = -1;
    size_t count = 0;
    smr = cellar_smr_create(NULL);
    for (size_t i = 0; i < 10; i++) {
        CHECK_EQ(cellar_smr_retire(smr, i == 4 ? &pid : NULL, fork_in_hand, &count), 0);
    }
    CHECK_EQ(cellar_smr_drain(smr), 0);
    CHECK_EQ(count, 10);
    if (pid == 0) {
        _exit(cellar_smr_destroy(smr) == 0 ? 0 : 1);
    }
    child_wait(pid);
    CHECK_EQ(cellar_smr_destroy(smr), 0);
}

TEST_MAIN()
