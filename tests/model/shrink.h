/*
 * Shrinking of a failing list of operations: drops chunks, then single ones, as long as what is left still fails.
 * Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), without its subsets.
 *
 * Operations are plain data whose meaning does not hang on their position, such as "free the k-th of what is out".
 * `fails` runs a list from scratch, best in a forked child, since an assertion may end it.
 */
#ifndef CELLAR_TESTS_MODEL_SHRINK_H
#define CELLAR_TESTS_MODEL_SHRINK_H

#include <sys/wait.h>

#include "test.h"

struct shrink {
    void *ops;   /* nops * op_size bytes; the result is left here */
    void *spare; /* as many bytes */
    size_t nops;
    size_t op_size;
    bool (*fails)(const void *ops, size_t nops, void *ctx);
    void *ctx;
};

/* Drops [at, at + count) if the rest still fails. */
static inline bool shrink_drop(struct shrink *shrink, size_t at, size_t count)
{
    char *ops = shrink->ops;
    char *rest = shrink->spare;
    size_t size = shrink->op_size;
    memcpy(rest, ops, at * size);
    memcpy(rest + at * size, ops + (at + count) * size, (shrink->nops - at - count) * size);
    if (!shrink->fails(rest, shrink->nops - count, shrink->ctx)) {
        return false;
    }
    shrink->nops -= count;
    memcpy(ops, rest, shrink->nops * size);
    return true;
}

/* ops fails; afterwards it fails still, and no longer without any one of its operations. */
static inline void shrink_run(struct shrink *shrink)
{
    for (size_t chunk = shrink->nops / 2 + 1;;) {
        bool dropped = false;
        for (size_t at = 0; at < shrink->nops;) {
            size_t count = chunk < shrink->nops - at ? chunk : shrink->nops - at;
            if (shrink_drop(shrink, at, count)) {
                dropped = true;
            } else {
                at += count;
            }
        }
        if (chunk == 1 && !dropped) {
            return;
        }
        chunk = chunk > 1 ? chunk / 2 : 1;
    }
}

/* Whether `run` ends a forked child other than by exit 0; the child's output is seen when loud. */
static inline bool shrink_child_fails(void (*run)(const void *ops, size_t nops, void *ctx), const void *ops,
                                      size_t nops, void *ctx, bool loud)
{
    int status;
    pid_t child = fork();
    if (child < 0) {
        TEST_FAIL("fork: errno %d", errno);
    }
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        if (!loud) {
            close(2);
        }
        run(ops, nops, ctx);
        _exit(0);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status != 0;
}

#endif
