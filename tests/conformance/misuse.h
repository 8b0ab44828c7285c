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

#endif
