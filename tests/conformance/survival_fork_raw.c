/* title: _Fork, vfork and posix_spawn, with and without other threads */
#include "threads.h"

#include <spawn.h>

extern char **environ;

static void wait_for(pid_t pid, const char *what)
{
    int status;
    ROW_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid, "%s fails", what);
    row_require(status, what);
}

/* The only thread: the child of _Fork may go on as it likes. */
static void raw_fork_alone(void)
{
    pid_t pid = _Fork();
    if (pid == 0) {
        alarm(20);
        for (size_t size = 1; size < 5 * ROW_MIB; size *= 2) {
            row_free(row_get(size));
        }
        _exit(0);
    }
    wait_for(pid, "_Fork");
}

static void start_others(void)
{
    char path[] = "/bin/true";
    char *arguments[] = {path, NULL};
    pid_t pid = vfork();
    if (pid == 0) {
        execv(path, arguments);
        _exit(9);
    }
    wait_for(pid, "vfork");
    ROW_CHECK(posix_spawn(&pid, path, NULL, NULL, arguments, environ) == 0, "posix_spawn fails");
    wait_for(pid, "posix_spawn");
    pid = _Fork(); /* beside other threads it may only do what is safe for signals */
    if (pid == 0) {
        execv(path, arguments);
        _exit(9);
    }
    wait_for(pid, "_Fork and exec");
}

int main(void)
{
    row_free(row_get(1000));
    raw_fork_alone();
    start_others();
    pthread_t noise = thread_start(noise_run, NULL);
    for (int i = 0; i < 20; i++) {
        start_others();
    }
    noise_over = 1;
    pthread_join(noise, NULL);
    return 0;
}
