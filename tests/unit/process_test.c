/* levels: base os */
#include <time.h>

#include "os/os.h"
#include "test.h"

static uint64_t clock_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

TEST(now_is_the_monotonic_clock)
{
    uint64_t before = clock_ns(CLOCK_MONOTONIC);
    uint64_t now = cellar__os_now_ns();
    CHECK_LE(now, clock_ns(CLOCK_MONOTONIC));
    CHECK_LT(before - now + 100000000, 200000000); /* the coarse clock lags a tick, at most 10 ms */
    CHECK_LE(now, cellar__os_now_ns());
}

TEST(exact_clock_is_the_monotonic_clock)
{
    uint64_t before = clock_ns(CLOCK_MONOTONIC);
    uint64_t now = cellar__os_exact_ns();
    CHECK_LE(before, now);
    CHECK_LE(now, clock_ns(CLOCK_MONOTONIC));
}

TEST(cpu_is_one_of_those_there_may_be)
{
    CHECK_GE(cellar__os_cpu_end(), cellar__os_machine()->ncpus);
    CHECK_GE((long)cellar__os_cpu_end(), sysconf(_SC_NPROCESSORS_CONF));
    CHECK_LT(cellar__os_cpu(), cellar__os_cpu_end());
}

TEST(pids)
{
    CHECK_EQ(cellar__os_pid(), getpid());
    CHECK_EQ(cellar__os_parent_pid(), getppid());
}

TEST(usage_grows_with_use)
{
    struct cellar__usage before, after;
    static volatile char memory[16 << 20];
    cellar__os_usage(&before);
    uint64_t until = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + 30000000;
    for (size_t i = 0; i < sizeof memory; i += 4096) {
        memory[i] = 1;
    }
    while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < until) {
    }
    cellar__os_usage(&after);
    CHECK_GE(after.peak_rss, sizeof memory);
    CHECK_GE(after.minor_faults, before.minor_faults + 1);
    CHECK_GE(after.user_ns + after.system_ns, before.user_ns + before.system_ns + 20000000);
    CHECK_GE(after.wall_ns, before.wall_ns + 10000000);
    CHECK_LT(after.wall_ns,
             UINT64_C(3600) * 1000000000); /* since the start of this program, not of the machine */
}

TEST(wait_returns_at_once_when_the_word_differs)
{
    uint32_t word = 1;
    cellar__os_wait(&word, 2);
    cellar__os_wake_one(&word);
    CHECK_EQ(word, 1);
}

TEST(a_wait_with_a_limit_ends)
{
    uint32_t word = 1;
    uint64_t begin = cellar__os_now_ns();
    cellar__os_wait_for(&word, 1, 30000000);
    CHECK_GE(cellar__os_now_ns() - begin, 20000000);  /* the clock is coarse */
    cellar__os_wait_for(&word, 2, UINT64_C(1) << 60); /* differs: returns at once */
}

TEST(signals_from_outside_are_blocked_and_come_back)
{
    sigset_t before;
    sigset_t during;
    sigset_t after;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sigprocmask(SIG_SETMASK, NULL, &before);
    uint64_t mask = cellar__os_signals_block();
    sigprocmask(SIG_SETMASK, NULL, &during);
    cellar__os_signals_restore(mask);
    sigprocmask(SIG_SETMASK, NULL, &after);
    CHECK(sigismember(&during, SIGALRM) && sigismember(&during, SIGINT) && sigismember(&during, SIGUSR2));
    CHECK(!sigismember(&during, SIGSEGV) && !sigismember(&during, SIGABRT) && !sigismember(&during, SIGTRAP));
    for (int number = 1; number < SIGRTMIN; number++) {
        CHECK_EQ(sigismember(&before, number), sigismember(&after, number));
    }
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

TEST_MAIN()
