/* Running a program and waiting for its end. */
#ifndef CELLAR_TOOL_LAUNCH_H
#define CELLAR_TOOL_LAUNCH_H

#include <signal.h>
#include <stdint.h>

struct outcome {
    int exit_status;   /* as a shell gives it: 128 + n when signal n ended the program */
    int signal;        /* the signal that ended it, 0 when it exited */
    uint64_t wall_ns;  /* from start to end */
    uint64_t user_ns;  /* of the program and the processes it waited for */
    uint64_t sys_ns;   /* of the same */
    uint64_t peak_rss; /* bytes, of the largest of the same */
};

/* The signal state of this process as it was, for the program to inherit. */
struct launch_signals {
    sigset_t awaited;
    sigset_t old_mask;
    struct sigaction old_child_action;
};

/*
 * Blocks, from now to the end of this process, the signals that would end it: what it has to clean up is then
 * safe, and a key on the terminal that ends the program does not end the account of it. Returns 0 or -errno.
 */
int cellar__launch_prepare(struct launch_signals *ret_signals);

/*
 * Runs argv[0], found in PATH, with the environment as it is and the signal state of before
 * cellar__launch_prepare, and returns when it has ended. Signals that are sent to this process meanwhile are
 * passed on to the program. Returns 0, or -errno when the program could not be started.
 */
int cellar__launch(char *const *argv, const struct launch_signals *signals, struct outcome *ret_outcome);

#endif
