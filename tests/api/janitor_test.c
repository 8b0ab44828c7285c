/* levels: lib; timeout: 300 */
/*
 * Memory that was freed goes back while the program makes no call, and nobody stays behind. What takes a round or two on a
 * quiet machine is waited for up to a minute.
 */
#include <pthread.h>
#include <spawn.h>

#include "api/self.h"
#include "test.h"

#define MIB ((size_t)1 << 20)
#define SPIKE (64 * MIB)

/* Blocks of `size` bytes, all written and all freed. Returns what was resident in between. */
static size_t make_spike(size_t size)
{
    static char *blocks[SPIKE / 1024];
    size_t n = SPIKE / size;
    for (size_t i = 0; i < n; i++) {
        blocks[i] = malloc(size);
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 1, size);
    }
    size_t peak = self_resident();
    for (size_t i = 0; i < n; i++) {
        free(blocks[i]);
    }
    return peak;
}

static bool falls_to(size_t (*get)(void), size_t bound)
{
    for (int i = 0; i < 6000; i++) {
        if (get() <= bound) {
            return true;
        }
        usleep(10000);
    }
    return false;
}

/* What one thread's buckets may keep: of descriptors of the spike it could not be more. */
#define KEPT (2 * MIB)

static void spike_goes(size_t size)
{
    size_t before = self_resident();
    CHECK(make_spike(size) >= before + SPIKE - MIB);
    CHECK(falls_to(self_resident, before + KEPT));
    CHECK(falls_to(self_nthreads, 1));
}

TEST(small_blocks_go_back_while_idle)
{
    spike_goes(1024);
}

TEST(runs_go_back_while_idle)
{
    spike_goes(128 << 10);
}

TEST(mappings_go_back_while_idle)
{
    spike_goes(8 * MIB);
}

TEST(a_small_heap_has_no_thread)
{
    for (int i = 0; i < 100000; i++) {
        free(malloc((size_t)i % 1000));
    }
    CHECK_EQ(self_nthreads(), 1);
}

TEST(the_child_of_fork_gives_back_too)
{
    CHECK(make_spike(1024) > SPIKE);
    CHECK_EQ(self_nthreads(), 2);
    pid_t child = fork();
    if (child == 0) {
        size_t before = self_resident();
        CHECK_EQ(self_nthreads(), 1);
        make_spike(1024);
        CHECK(falls_to(self_resident, before + KEPT));
        CHECK(falls_to(self_nthreads, 1));
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK(falls_to(self_nthreads, 1));
}

static void *spike_thread(void *unused)
{
    make_spike(512 << 10);
    make_spike(2048);
    return unused;
}

TEST(what_a_thread_leaves_behind_goes_back)
{
    size_t before = self_resident();
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, spike_thread, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(falls_to(self_resident, before + KEPT));
    CHECK(falls_to(self_nthreads, 1));
}

/* A child that shares this memory is no place for a thread that would end with it, perhaps with a lock held. */
TEST(no_thread_in_the_child_of_vfork)
{
    CHECK(falls_to(self_nthreads, 1));
    static void *volatile block;
    block = malloc(16 * MIB);
    CHECK(block != NULL);
    pid_t child = vfork();
    if (child == 0) {
        free(block);
        _exit((int)self_nthreads());
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 1);
    CHECK_EQ(self_nthreads(), 1);
    free(malloc(16 * MIB)); /* the parent's next call does it */
    CHECK_EQ(self_nthreads(), 2);
    CHECK(falls_to(self_nthreads, 1));
}

/* Ends a process whose other threads are gone, though the janitor is there. */
TEST(a_process_ends_when_its_threads_have)
{
    pid_t child = fork();
    if (child == 0) {
        make_spike(1024);
        pthread_exit(NULL);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

TEST(the_option_forbids_it)
{
    extern char **environ;
    char *argv[] = {(char *)"/proc/self/exe", (char *)"off_child", NULL};
    pid_t child;
    int status;
    posix_spawn_file_actions_t actions; /* its points are not ours */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    setenv("CELLAR_CONF", "janitor:off", 1);
    CHECK_EQ(posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    unsetenv("CELLAR_CONF");
    posix_spawn_file_actions_destroy(&actions);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

/* What the test above runs; by itself, with the option as it is, it says nothing. */
TEST(off_child)
{
    if (getenv("CELLAR_CONF") == NULL) {
        return;
    }
    make_spike(8 * MIB);
    CHECK_EQ(self_nthreads(), 1);
    usleep(200000);
    CHECK(self_resident() > SPIKE);
}

TEST_MAIN()
