/*
 * Running a program. All signals of interest are blocked and taken one by one with sigwaitinfo: no handler
 * runs, so there is no race between "the program has ended" and "pass this signal on".
 */
#define _GNU_SOURCE /* pipe2 */

#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int launch_forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

int cellar__launch_prepare(struct launch_signals *ret_signals)
{
    struct launch_signals *signals = ret_signals;
    /* Under an inherited SIG_IGN the kernel reaps children by itself, and their status is lost. */
    struct sigaction action = {.sa_handler = SIG_DFL};
    if (sigaction(SIGCHLD, &action, &signals->old_child_action) != 0)
        return -errno;
    sigemptyset(&signals->awaited);
    sigaddset(&signals->awaited, SIGCHLD);
    for (size_t i = 0; i < sizeof(launch_forwarded) / sizeof(launch_forwarded[0]); i++)
        sigaddset(&signals->awaited, launch_forwarded[i]);
    if (sigprocmask(SIG_BLOCK, &signals->awaited, &signals->old_mask) != 0)
        return -errno;
    return 0;
}

/* In the child. */
static void launch_signals_restore(const struct launch_signals *signals)
{
    sigaction(SIGCHLD, &signals->old_child_action, NULL);
    sigprocmask(SIG_SETMASK, &signals->old_mask, NULL);
}

/* In the child: becomes the program, or tells through the pipe why not. */
static _Noreturn void launch_become(char *const *argv, const struct launch_signals *signals, int error_fd)
{
    launch_signals_restore(signals);
    execvp(argv[0], argv);
    int number = errno;
    ssize_t written = write(error_fd, &number, sizeof(number));
    _exit(written == (ssize_t)sizeof(number) ? 127 : 126);
}

/* The errno of a failed exec as a negative number, 0 when the pipe closed because the exec went well. */
static int launch_read_error(int error_fd)
{
    int number = 0;
    ssize_t got;
    do
        got = read(error_fd, &number, sizeof(number));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    return got == (ssize_t)sizeof(number) ? -number : 0;
}

static uint64_t launch_ns(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_usec * 1000u;
}

static uint64_t launch_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void launch_outcome_set(struct outcome *outcome, int status, const struct rusage *usage)
{
    outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    outcome->exit_status = outcome->signal != 0 ? 128 + outcome->signal : WEXITSTATUS(status);
    outcome->user_ns = launch_ns(&usage->ru_utime);
    outcome->sys_ns = launch_ns(&usage->ru_stime);
    outcome->peak_rss = (uint64_t)usage->ru_maxrss * 1024; /* the kernel counts in KiB */
}

/* Passes signals on until the program has ended. */
static int launch_wait(pid_t pid, const struct launch_signals *signals, struct outcome *outcome)
{
    for (;;) {
        int status;
        struct rusage usage;
        pid_t ended = wait4(pid, &status, WNOHANG, &usage);
        if (ended == pid) {
            launch_outcome_set(outcome, status, &usage);
            return 0;
        }
        if (ended < 0 && errno != EINTR)
            return -errno;
        siginfo_t info;
        int number = sigwaitinfo(&signals->awaited, &info);
        /* What the kernel sends (a key on the terminal, a hang-up) went to the whole process group: the
           program has it already. */
        if (number > 0 && number != SIGCHLD && info.si_code != SI_KERNEL)
            kill(pid, number);
    }
}

static int launch_child(char *const *argv, const struct launch_signals *signals, struct outcome *outcome)
{
    int error_pipe[2];
    if (pipe2(error_pipe, O_CLOEXEC) != 0)
        return -errno;
    uint64_t start_ns = launch_clock_ns();
    pid_t pid = fork();
    if (pid == 0)
        launch_become(argv, signals, error_pipe[1]);
    int rc = pid < 0 ? -errno : 0;
    close(error_pipe[1]);
    if (rc == 0) {
        rc = launch_read_error(error_pipe[0]);
        int wait_rc = launch_wait(pid, signals, outcome);
        rc = rc != 0 ? rc : wait_rc;
    }
    close(error_pipe[0]);
    outcome->wall_ns = launch_clock_ns() - start_ns;
    return rc;
}

int cellar__launch(char *const *argv, const struct launch_signals *signals, struct outcome *ret_outcome)
{
    struct outcome outcome;
    memset(&outcome, 0, sizeof(outcome));
    int rc = launch_child(argv, signals, &outcome);
    if (rc == 0)
        *ret_outcome = outcome;
    return rc;
}
