/*
 * Random operations beside a naive model.
 *
 * An operation is a few random numbers; the replay gives them their meaning from the state they meet ("free live
 * block a % nlive"). So any part of a list of operations is a list of operations, and a case that fails is shrunk
 * (model/shrink.h) for as long as it fails.
 *
 * Each replay runs in a forked child, on a heap that nothing was done to; a crash is a failure like any other.
 */
#ifndef CELLAR_TESTS_MODEL_OPS_H
#define CELLAR_TESTS_MODEL_OPS_H

#include <sys/mman.h>
#include <time.h>

#include "model/shrink.h"
#include "test.h"

struct ops_op {
    uint32_t kind;
    uint32_t a;
    uint64_t b;
};

struct ops_list {
    struct ops_op *ops;
    size_t count;
};

/* What a replay says of its failure; shared with the child. */
struct ops_shared {
    char reason[256];
    size_t done; /* operations that went well */
};

static struct ops_shared *ops_shared;

/* A replay returns false after ops_fail, or true. */
typedef bool (*ops_replay)(const struct ops_op *ops, size_t count);

__attribute__((format(printf, 1, 2))) static inline bool ops_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ops_shared->reason, sizeof ops_shared->reason, format, args);
    va_end(args);
    return false;
}

static inline void *ops_map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        TEST_FAIL("mmap of %zu bytes: errno %d", size, errno);
    }
    return memory;
}

static inline bool ops_holds(ops_replay replay, const struct ops_list *list, bool quiet)
{
    int status;
    memset(ops_shared, 0, sizeof *ops_shared);
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        if (quiet) {
            close(2);
        }
        alarm(60);
        _exit(replay(list->ops, list->count) ? 0 : 1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        TEST_FAIL("fork or waitpid: errno %d", errno);
    }
    if (WIFSIGNALED(status)) {
        ops_fail("signal %d", WTERMSIG(status));
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct ops_case {
    ops_replay replay;
    time_t end;
};

/* After the end nothing counts as failing, so that the shrinking ends: a case not quite small is better than none. */
static inline bool ops_fails(const void *ops, size_t count, void *ctx)
{
    const struct ops_case *one = ctx;
    struct ops_list list = {(struct ops_op *)ops, count};
    return time(NULL) < one->end && !ops_holds(one->replay, &list, true);
}

static inline void ops_shrink(ops_replay replay, struct ops_list *list)
{
    struct ops_case one = {replay, time(NULL) + 30};
    struct shrink shrink = {
        .ops = list->ops,
        .spare = ops_map(list->count * sizeof *list->ops),
        .nops = list->count,
        .op_size = sizeof *list->ops,
        .fails = ops_fails,
        .ctx = &one,
    };
    shrink_run(&shrink);
    list->count = shrink.nops;
}

static inline void ops_report(ops_replay replay, struct ops_list *list)
{
    test_print(1, "# of %zu operations: %s after %zu\n", list->count, ops_shared->reason, ops_shared->done);
    ops_shrink(replay, list);
    ops_holds(replay, list, false);
    test_print(1, "# these %zu are enough: %s after %zu\n", list->count, ops_shared->reason,
               ops_shared->done);
    for (size_t i = 0; i < list->count && i < 100; i++) {
        test_print(1, "#   {%" PRIu32 ", %" PRIu32 ", %" PRIu64 "},\n", list->ops[i].kind, list->ops[i].a,
                   list->ops[i].b);
    }
    TEST_FAIL("%s", ops_shared->reason);
}

/* Replays `rounds` random lists of `count` operations of kinds below nkinds. */
static inline void ops_test(ops_replay replay, uint32_t nkinds, size_t count, unsigned rounds)
{
    struct test_random random = {test_seed()};
    struct ops_list list = {ops_map(count * sizeof *list.ops), count};
    ops_shared = ops_map(sizeof *ops_shared);
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            list.ops[i].kind = (uint32_t)test_random_below(&random, nkinds);
            list.ops[i].a = (uint32_t)test_random_next(&random);
            list.ops[i].b = test_random_next(&random);
        }
        if (!ops_holds(replay, &list, false)) {
            ops_report(replay, &list);
        }
    }
}

#endif
