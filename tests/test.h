/*
 * The test harness: one header, C and C++.
 *
 *     TEST(round_up_keeps_multiples) { CHECK_EQ(cellar__round_up(4096, 4096), 4096); }
 *     TEST_MAIN();
 *
 * A program prints TAP. Its argument, if any, keeps the tests whose names contain it. A check that fails ends
 * its test; the others go on. In a thread other than the one that runs the tests, and in a forked child, a
 * failed check ends the process: there is no frame to jump back to.
 *
 * The harness never calls malloc: it tests one. It writes with write(2) from the stack, and lists tests in
 * static memory.
 */
#ifndef CELLAR_TESTS_TEST_H
#define CELLAR_TESTS_TEST_H

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

/* The state of the program: tests in the order of their definition, and the one that runs. */
struct test_state {
    struct test_case *first;
    struct test_case **tail;
    const char *name; /* of the running test */
    int number;       /* of the running test, from 1 */
    pid_t pid;        /* of the process that runs the tests; a forked child sees another */
    jmp_buf failed;
};

static struct test_state test_state;
static __thread bool test_thread; /* set in the thread that runs the tests */

/* TAP and diagnostics, at most 4 KiB a call, in one write so that threads do not mix their lines. */
__attribute__((format(printf, 2, 3))) static inline void test_print(int fd, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t size = length < (int)sizeof(text) ? (size_t)length : sizeof(text) - 1;
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, text + done, size - done);
        if (written < 0 && errno != EINTR)
            _exit(1);
        done += written < 0 ? 0 : (size_t)written;
    }
}

static inline void test_register(struct test_case *test)
{
    if (!test_state.tail)
        test_state.tail = &test_state.first;
    *test_state.tail = test;
    test_state.tail = &test->next;
}

/* Ends what failed, as far as that can be ended from here; the diagnostic is already printed. */
__attribute__((noreturn)) static inline void test_fail(void)
{
#ifdef CELLAR_TEST_FUZZ
    abort(); /* what a fuzzer takes for a fault */
#endif
    if (getpid() != test_state.pid)
        _exit(1);
    if (!test_thread) {
        test_print(1, "not ok %d - %s\nBail out! a check failed in another thread\n", test_state.number,
                   test_state.name);
        _exit(1);
    }
    longjmp(test_state.failed, 1);
}

/* Diagnostics of a forked child belong to its stderr, which EXPECT_DEATH shows. */
#define TEST_FAIL(...)                                                                                       \
    do {                                                                                                     \
        int test_fd = getpid() == test_state.pid ? 1 : 2;                                                    \
        test_print(test_fd, "# %s:%d: ", __FILE__, __LINE__);                                                \
        test_print(test_fd, __VA_ARGS__);                                                                    \
        test_print(test_fd, "\n");                                                                           \
        test_fail();                                                                                         \
    } while (0)

#define TEST(name)                                                                                           \
    static void testing_##name(void);                                                                        \
    __attribute__((constructor)) static void testing_register_##name(void)                                   \
    {                                                                                                        \
        static struct test_case test = {#name, testing_##name, NULL};                                        \
        test_register(&test);                                                                                \
    }                                                                                                        \
    static void testing_##name(void)

#define CHECK(expr)                                                                                          \
    do {                                                                                                     \
        if (!(expr))                                                                                         \
            TEST_FAIL("%s", #expr);                                                                          \
    } while (0)

/* Integers of up to 64 bits, and bool; both sides are evaluated once. Values above INT64_MAX compare as negative. */
#define TEST_COMPARE(a, op, b, text)                                                                         \
    do {                                                                                                     \
        int64_t test_a = (int64_t)(a), test_b = (int64_t)(b);                                                \
        if (!(test_a op test_b))                                                                             \
            TEST_FAIL("%s: %" PRId64 " (%#" PRIx64 ") and %" PRId64 " (%#" PRIx64 ")", text, test_a,         \
                      (uint64_t)test_a, test_b, (uint64_t)test_b);                                           \
    } while (0)
#define CHECK_EQ(a, b) TEST_COMPARE(a, ==, b, #a " == " #b)
#define CHECK_NE(a, b) TEST_COMPARE(a, !=, b, #a " != " #b)
#define CHECK_LT(a, b) TEST_COMPARE(a, <, b, #a " < " #b)
#define CHECK_LE(a, b) TEST_COMPARE(a, <=, b, #a " <= " #b)
#define CHECK_GT(a, b) TEST_COMPARE(a, >, b, #a " > " #b)
#define CHECK_GE(a, b) TEST_COMPARE(a, >=, b, #a " >= " #b)

#define CHECK_PTR(a, b)                                                                                      \
    do {                                                                                                     \
        const void *test_a = (a), *test_b = (b);                                                             \
        if (test_a != test_b)                                                                                \
            TEST_FAIL("%s == %s: %p and %p", #a, #b, test_a, test_b);                                        \
    } while (0)

#define CHECK_STR(a, b)                                                                                      \
    do {                                                                                                     \
        const char *test_a = (a), *test_b = (b);                                                             \
        if (!test_a || !test_b || strcmp(test_a, test_b) != 0)                                               \
            TEST_FAIL("%s == %s: \"%s\" and \"%s\"", #a, #b, test_a ? test_a : "(null)",                     \
                      test_b ? test_b : "(null)");                                                           \
    } while (0)

/*
 * Random numbers (splitmix64): the same sequence for the same seed. The seed is that of $CELLAR_TEST_SEED,
 * else 1, so that a run repeats; who wants others says so.
 */
struct test_random {
    uint64_t state;
};

static inline uint64_t test_seed(void)
{
    const char *text = getenv("CELLAR_TEST_SEED");
    uint64_t seed = text && *text ? strtoull(text, NULL, 0) : 1;
    test_print(1, "# CELLAR_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

static inline uint64_t test_random_next(struct test_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number below limit, which is not 0. The bias is below limit / 2^64. */
static inline uint64_t test_random_below(struct test_random *random, uint64_t limit)
{
    return (uint64_t)(((unsigned __int128)test_random_next(random) * limit) >> 64);
}

/*
 * Death: runs a statement in a forked child and checks how the child ended and the whole text of its stderr,
 * in which a 0x... number is written PTR. EXPECT_DEATH wants SIGABRT, EXPECT_EXIT a status, EXPECT_SIGNAL a
 * signal.
 */
#define EXPECT_DEATH(stmt, text) TEST_EXPECT_END(#stmt, stmt, 0, SIGABRT, text)
#define EXPECT_EXIT(stmt, status, text) TEST_EXPECT_END(#stmt, stmt, status, 0, text)
#define EXPECT_SIGNAL(stmt, signo, text) TEST_EXPECT_END(#stmt, stmt, 0, signo, text)

enum { TEST_DEATH_TEXT = 4096 };

struct test_child {
    pid_t pid;
    int stderr_fd;                     /* the end that the parent reads */
    char stderr_text[TEST_DEATH_TEXT]; /* what fits, addresses replaced */
    int status;                        /* of waitpid */
};

/* True in the child, whose stderr is the pipe. */
static inline bool test_child_fork(struct test_child *child)
{
    int fds[2];
    if (pipe(fds) != 0)
        TEST_FAIL("pipe: errno %d", errno);
    child->pid = fork();
    if (child->pid < 0)
        TEST_FAIL("fork: errno %d", errno);
    if (child->pid != 0) {
        close(fds[1]);
        child->stderr_fd = fds[0];
        return false;
    }
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    close(fds[0]);
    dup2(fds[1], 2);
    return true;
}

/* Shortens each 0x... number to PTR, in place. */
static inline void test_child_mask(char *text)
{
    const char *from = text;
    char *to = text;
    while (*from) {
        size_t digits = strncmp(from, "0x", 2) == 0 ? strspn(from + 2, "0123456789abcdefABCDEF") : 0;
        if (digits == 0) {
            *to++ = *from++;
            continue;
        }
        memcpy(to, "PTR", 3); /* shorter than or as long as what it replaces: "0x" and a digit */
        to += 3;
        from += 2 + digits;
    }
    *to = '\0';
}

/* Waits for the end, and drains the pipe also past what is kept, so that the child cannot block on it. */
static inline void test_child_wait(struct test_child *child)
{
    size_t size = 0;
    for (;;) {
        char rest[512];
        size_t space = sizeof(child->stderr_text) - 1 - size;
        ssize_t got =
            read(child->stderr_fd, space ? child->stderr_text + size : rest, space ? space : sizeof(rest));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += space ? (size_t)got : 0;
    }
    child->stderr_text[size] = '\0';
    test_child_mask(child->stderr_text);
    close(child->stderr_fd);
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        continue;
}

static inline bool test_child_ended(const struct test_child *child, int status, int signo)
{
    if (signo)
        return WIFSIGNALED(child->status) && WTERMSIG(child->status) == signo;
    return WIFEXITED(child->status) && WEXITSTATUS(child->status) == status;
}

/* A child that comes through alive ends with a status that no test expects. */
enum { TEST_SURVIVED = 86 };

#define TEST_EXPECT_END(name, stmt, status_wanted, signo_wanted, text)                                       \
    do {                                                                                                     \
        struct test_child test_child;                                                                        \
        if (test_child_fork(&test_child)) {                                                                  \
            stmt;                                                                                            \
            _exit(TEST_SURVIVED);                                                                            \
        }                                                                                                    \
        test_child_wait(&test_child);                                                                        \
        if (!test_child_ended(&test_child, status_wanted, signo_wanted))                                     \
            TEST_FAIL("%s: ended with %s %d, expected %s %d; stderr \"%s\"", name,                           \
                      WIFSIGNALED(test_child.status) ? "signal" : "exit status",                             \
                      WIFSIGNALED(test_child.status) ? WTERMSIG(test_child.status)                           \
                                                     : WEXITSTATUS(test_child.status),                       \
                      (signo_wanted) ? "signal" : "exit status",                                             \
                      (signo_wanted) ? (signo_wanted) : (status_wanted), test_child.stderr_text);            \
        if (strcmp(test_child.stderr_text, text) != 0)                                                       \
            TEST_FAIL("%s: stderr \"%s\", expected \"%s\"", name, test_child.stderr_text, text);             \
    } while (0)

/* Runs one test; false when it failed. Apart, so that no local variable lives across setjmp. */
static inline bool test_case_run(const struct test_case *test)
{
    if (setjmp(test_state.failed) != 0)
        return false;
    test->run();
    return true;
}

static inline int test_main(int argc, char **argv)
{
    const char *filter = argc > 1 ? argv[1] : "";
    int count = 0, failures = 0;
    test_state.pid = getpid();
    test_thread = true;
    for (struct test_case *test = test_state.first; test; test = test->next)
        count += strstr(test->name, filter) != NULL;
    test_print(1, "1..%d\n", count);
    for (struct test_case *test = test_state.first; test; test = test->next) {
        if (!strstr(test->name, filter))
            continue;
        test_state.name = test->name;
        test_state.number++;
        /* Tells which test it was when the program is killed by a signal. */
        test_print(1, "# run %s\n", test->name);
        bool passed = test_case_run(test);
        failures += !passed;
        test_print(1, "%sok %d - %s\n", passed ? "" : "not ", test_state.number, test->name);
    }
    return failures == 0 && count > 0 ? 0 : 1;
}

#define TEST_MAIN()                                                                                          \
    int main(int argc, char **argv)                                                                          \
    {                                                                                                        \
        return test_main(argc, argv);                                                                        \
    }

#endif
