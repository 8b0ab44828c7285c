/*
 * Runs a program and writes down what it took:
 *
 *     launch RESULT RUNS PROGRAM [ARGUMENT...]
 *
 * RESULT is a file that gets the lines `wall_ns`, `cpu_ns` (user and system), `peak_rss_kib` and `minor_faults`, each
 * with a number. With RUNS above 1 the program runs that often, one after the other: times and faults are sums, the
 * peak is that of the largest. Children that the program has waited for are in all of them.
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
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

static uint64_t launch_ns(struct timeval time)
{
    return ((uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec) * 1000u;
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
    int status;
    struct rusage used;
    if (wait4(child, &status, 0, &used) != child) {
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
