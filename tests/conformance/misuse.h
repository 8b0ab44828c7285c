/* A misuse in a child: it has to be stopped, by a signal and with a word on stderr, at the latest when the heap is trimmed. */
#ifndef CONFORMANCE_MISUSE_H
#define CONFORMANCE_MISUSE_H

#include "row.h"

/* After the misuse: what is free goes back where it came from, which is where the last of it has to be noticed. */
ROW_UNUSED static void misuse_settle(void)
{
    malloc_trim(0);
}

ROW_UNUSED static void misuse_require(void (*body)(void *), const char *what)
{
    struct row_result result = row_child(body, NULL);
    ROW_CHECK(WIFSIGNALED(result.status), "%s goes unnoticed", what);
    ROW_CHECK(WTERMSIG(result.status) == SIGABRT, "%s ends in SIG%s", what,
              sigabbrev_np(WTERMSIG(result.status)));
    ROW_CHECK(result.text[0] != 0, "%s is stopped without a word", what);
}

/* The same misuse of blocks of all kinds: the body finds the size in misuse_size. */
static size_t misuse_size ROW_UNUSED;

ROW_UNUSED static void misuse_require_sizes(void (*body)(void *), const char *what)
{
    static const size_t sizes[] = {16, 100, 1000, 5000, 40000, 200000, 4 * ROW_MIB};
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        char text[96];
        misuse_size = sizes[i];
        snprintf(text, sizeof(text), "%s of %zu bytes", what, sizes[i]);
        misuse_require(body, text);
    }
}

#endif
