/* levels: lib; timeout: 300 */
#include <cellar/malloc.h>

#include <pthread.h>

#include "test.h"

/* Threads allocate without a pause while another forks: each child's heap has to be whole and free of locks. */
enum { NTHREADS = 4, NFORKS = 150, NBLOCKS = 400 };

static bool is_over; /* atomic */

static size_t size_choose(struct test_random *random)
{
    static const size_t maxima[] = {64, 1000, 20000, 300000, 3000000};
    size_t kind = test_random_below(random, 40);
    return 1 + test_random_below(random, maxima[kind < 4 ? kind + 1 : kind % 2]);
}

static void churn(struct test_random *random, size_t nrounds)
{
    char *blocks[64] = {NULL};
    for (size_t round = 0; round < nrounds; round++) {
        size_t slot = test_random_below(random, 64);
        size_t size = size_choose(random);
        free(blocks[slot]);
        blocks[slot] = malloc(size);
        CHECK(blocks[slot] != NULL);
        blocks[slot][0] = 1;
        blocks[slot][size - 1] = 1;
    }
    for (size_t slot = 0; slot < 64; slot++) {
        free(blocks[slot]);
    }
}

static void *worker_run(void *arg)
{
    struct test_random random = {(uintptr_t)arg};
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        churn(&random, 1000);
    }
    return NULL;
}

static void *child_thread(void *arg)
{
    churn(arg, 300);
    return NULL;
}

/* Blocks of before the fork are as they were, may be freed, and new ones and new threads are to be had. */
static void child_run(unsigned char **blocks, struct test_random *random)
{
    pthread_t thread;
    alarm(30);
    for (size_t i = 0; i < NBLOCKS; i++) {
        CHECK_EQ(blocks[i][0], i & 0xff);
        free(blocks[i]);
    }
    churn(random, 500);
    CHECK_EQ(pthread_create(&thread, NULL, child_thread, random), 0);
    pthread_join(thread, NULL);
    _exit(0);
}

static void blocks_make(unsigned char **blocks, struct test_random *random)
{
    for (size_t i = 0; i < NBLOCKS; i++) {
        blocks[i] = malloc(size_choose(random) % 30000 + 1);
        CHECK(blocks[i] != NULL);
        blocks[i][0] = (unsigned char)i;
    }
}

TEST(child_of_a_threaded_program_allocates)
{
    static unsigned char *blocks[NBLOCKS];
    pthread_t threads[NTHREADS];
    struct test_random random = {test_seed()};
    for (size_t i = 0; i < NTHREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, worker_run, (void *)(uintptr_t)test_random_next(&random)),
                 0);
    }
    blocks_make(blocks, &random);
    for (size_t round = 0; round < NFORKS; round++) {
        int status;
        pid_t pid = fork();
        CHECK_GE(pid, 0);
        if (pid == 0) {
            child_run(blocks, &random);
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), 0);
    }
    __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < NBLOCKS; i++) {
        CHECK_EQ(blocks[i][0], i & 0xff);
        free(blocks[i]);
    }
}

/* A grandchild forks from a child that has lost its siblings' threads. */
TEST(grandchild_allocates)
{
    struct test_random random = {7};
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        churn(&random, 100);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            alarm(30);
            churn(&random, 300);
            _exit(0);
        }
        _exit(waitpid(grandchild, &status, 0) == grandchild && status == 0 ? 0 : 1);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

TEST_MAIN()
