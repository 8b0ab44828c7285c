/*
 * How a workload program of the allocator bench says what it measured: lines `NAME NUMBER` on stdout.
 *
 *   ns 23.512            nanoseconds of wall time for one operation, all threads together
 *   operations 10000000  how many there were
 *   idle_rss_kib 1840    with BENCH_IDLE=1 alone: what the process holds a second after its last free
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* Lets a second pass, signals or not, in which a purge that waits for its time can come. */
static inline void bench_second_wait(void)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec++;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
        continue;
}

/* The resident memory of the process in KiB, read without an allocation. */
static inline long bench_rss_kib_get(void)
{
    char text[4096];
    size_t size = 0;
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    while (file >= 0 && size < sizeof(text) - 1) {
        ssize_t nread = read(file, text + size, sizeof(text) - 1 - size);
        if (nread < 0 && errno == EINTR)
            continue;
        if (nread <= 0)
            break;
        size += (size_t)nread;
    }
    if (file >= 0)
        close(file);
    text[size] = '\0';
    const char *line = strstr(text, "\nVmRSS:");
    if (line == NULL) {
        fprintf(stderr, "bench: /proc/self/status shows no VmRSS\n");
        exit(1);
    }
    return strtol(line + strlen("\nVmRSS:"), NULL, 10);
}

/* Lines to stdout, without a buffer of stdio, which would be a block. */
__attribute__((format(printf, 1, 2))) static inline void bench_lines_write(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof(text) || write(STDOUT_FILENO, text, (size_t)size) != size)
        exit(1);
}

/*
 * Composes a result that nobody sees. The code of libc for that is resident from now on: it is some 280 KiB, which would
 * come after the last free else, where they hide in the peak of an allocator that has given as much back by then.
 */
__attribute__((constructor)) static void bench_result_prepare(void)
{
    char text[64];
    int size = snprintf(text, sizeof(text), "%.3f %" PRIu64, (double)bench_clock_ns(), bench_clock_ns());
    if (size < 0 || write(STDOUT_FILENO, text, 0) != 0)
        exit(1);
}

/* ns is for one operation. Call it when all blocks of the workload are freed and its threads joined. */
static inline void bench_result_print(double ns, uint64_t noperations)
{
    bench_lines_write("ns %.3f\noperations %" PRIu64 "\n", ns, noperations);
    const char *idle = getenv("BENCH_IDLE");
    if (idle == NULL || strcmp(idle, "1") != 0)
        return;
    bench_second_wait();
    bench_lines_write("idle_rss_kib %ld\n", bench_rss_kib_get());
}

#endif
