/*
 * Runs a program and writes down what it took:
 *
 *     launch RESULT RUNS PROGRAM [ARGUMENT...]
 *
 * RESULT is a file that gets the lines `wall_ns`, `cpu_ns` (user and system), `peak_rss_kib` and `minor_faults`, each
 * with a number. With RUNS above 1 the program runs that often, one after the other: times and faults are sums, the
 * peak is that of the largest. Children that the program has waited for are in all of them.
 *
 * The peak is asked for in two ways, and the larger number counts. What wait4 tells is added up by the kernel from
 * counters of each CPU, with up to 31 pages of each missing: a tenth of a small program. /proc/PID/status counts
 * exactly (Linux 6.17), what is resident now among it; so the program is traced as far as its last moment, where it stops
 * with its memory still in place. Nothing else of it is slower for that. Where tracing is forbidden, wait4 alone is asked.
 *
 * Why not from Python: the kernel lets a process inherit the peak RSS of the memory it leaves at exec, which is that of
 * whoever started it. This program is linked statically and starts the other by vfork; what it leaves is some hundred
 * KiB, less than any program with a dynamic linker takes. Being static, it also ignores LD_PRELOAD, so that the
 * environment it passes on can name the allocator.
 *
 * Ends with the program's status, 128 and the signal's number if one ended it, 127 if it could not be started.
 */
#include "bench.h"
#include <spawn.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

static uint64_t launch_ns(struct timeval time)
{
    return ((uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec) * 1000u;
}

/* The number after "VmHWM:" in /proc/PID/status, KiB; 0 if it cannot be read. */
static long launch_peak_read(pid_t child)
{
    static const char name[] = "VmHWM:";
    char path[64];
    char line[256];
    long peak_kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
    FILE *file = fopen(path, "re");
    while (file != NULL && peak_kib == 0 && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            peak_kib = strtol(line + strlen(name), NULL, 10);
    if (file != NULL)
        fclose(file);
    return peak_kib;
}

/* Waits for the child's end. Returns its wait status, or -1; *ret_used has the larger of both peaks. */
static int launch_wait(pid_t child, struct rusage *ret_used)
{
    int status;
    long peak_kib = 0;
    ptrace(PTRACE_SEIZE, child, NULL,
           PTRACE_O_TRACEEXIT); /* refused, or the child is gone: there will be no stops */
    for (;;) {
        if (wait4(child, &status, 0, ret_used) != child)
            return -1;
        if (!WIFSTOPPED(status))
            break;
        int event = status >> 16;
        if (event == PTRACE_EVENT_EXIT)
            peak_kib = launch_peak_read(child);
        ptrace(PTRACE_CONT, child, NULL, (long)(event == 0 ? WSTOPSIG(status) : 0));
    }
    if (peak_kib > ret_used->ru_maxrss)
        ret_used->ru_maxrss = peak_kib;
    return status;
}

/* Runs argv once; what it took is added to *total. Returns its status. */
static int launch_run(char **argv, struct rusage *total, uint64_t *cpu_ns)
{
    pid_t child;
    int error = posix_spawnp(&child, argv[0], NULL, NULL, argv, environ);
    if (error != 0) {
        fprintf(stderr, "launch: %s: %s\n", argv[0], strerror(error));
        return 127;
    }
    struct rusage used;
    int status = launch_wait(child, &used);
    if (status == -1) {
        perror("launch: wait4");
        return 127;
    }
    *cpu_ns += launch_ns(used.ru_utime) + launch_ns(used.ru_stime);
    total->ru_minflt += used.ru_minflt;
    if (used.ru_maxrss > total->ru_maxrss)
        total->ru_maxrss = used.ru_maxrss;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    static const char usage[] = "launch RESULT RUNS PROGRAM [ARGUMENT...]";
    if (argc < 4) {
        fprintf(stderr, "usage: %s\n", usage);
        return 2;
    }
    size_t nruns = bench_number_get(argv[2], 1, 1000000, usage);
    struct rusage total = {0};
    uint64_t cpu_ns = 0;
    int status = 0;
    uint64_t start_ns = bench_clock_ns();
    for (size_t i = 0; i < nruns && status == 0; i++)
        status = launch_run(argv + 3, &total, &cpu_ns);
    uint64_t wall_ns = bench_clock_ns() - start_ns;
    FILE *result = fopen(argv[1], "w");
    if (result == NULL) {
        perror(argv[1]);
        return 127;
    }
    fprintf(result, "wall_ns %llu\ncpu_ns %llu\npeak_rss_kib %ld\nminor_faults %ld\n",
            (unsigned long long)wall_ns, (unsigned long long)cpu_ns, total.ru_maxrss, total.ru_minflt);
    return fclose(result) == 0 ? status : 127;
}
