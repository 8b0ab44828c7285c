/* Time, identity and resources of the running process. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "base/attr.h"
#include "os/file.h"
#include "os/linux_call.h"
#include "os/os.h"

void cellar__os_wait(uint32_t *word, uint32_t value)
{
    CELLAR_CALL4(SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, NULL);
}

void cellar__os_wait_for(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                               .tv_nsec = (long)(timeout_ns % 1000000000u)};
    CELLAR_CALL4(SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, &timeout);
}

void cellar__os_wake_one(uint32_t *word)
{
    CELLAR_CALL3(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

#define PROCESS_SIGNAL(number) (UINT64_C(1) << ((number)-1))

/* The kernel's mask has 64 bits on every processor that Cellar knows. */
uint64_t cellar__os_signals_block(void)
{
    static const uint64_t blocked =
        ~(PROCESS_SIGNAL(SIGSEGV) | PROCESS_SIGNAL(SIGBUS) | PROCESS_SIGNAL(SIGFPE) | PROCESS_SIGNAL(SIGILL) |
          PROCESS_SIGNAL(SIGTRAP) | PROCESS_SIGNAL(SIGABRT) | PROCESS_SIGNAL(SIGSYS));
    uint64_t mask = 0;
    CELLAR_CALL4(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, &mask, sizeof mask);
    return mask;
}

void cellar__os_signals_restore(uint64_t mask)
{
    CELLAR_CALL4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
}

uint64_t cellar__os_now_ns(void)
{
    struct timespec now;
    /* Answered by the vDSO; it cannot fail and leaves errno alone. */
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t cellar__os_exact_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The kernel's vDSO or restartable sequences answer; where neither can, CPU 0 is as good as any. */
unsigned cellar__os_cpu(void)
{
    int cpu = sched_getcpu();
    return cpu < 0 || (unsigned)cpu >= cellar__os_cpu_end() ? 0 : (unsigned)cpu;
}

int cellar__os_pid(void)
{
    return (int)CELLAR_CALL0(SYS_getpid);
}

int cellar__os_parent_pid(void)
{
    return (int)CELLAR_CALL0(SYS_getppid);
}

static uint64_t process_timeval_ns(const struct timeval *value)
{
    return (uint64_t)value->tv_sec * 1000000000u + (uint64_t)value->tv_usec * 1000u;
}

/* Start time in clock ticks (1/100 s) since boot: field 22 of /proc/self/stat, counted from the ')' of field 2. */
static uint64_t process_start_ticks(void)
{
    char text[512];
    ssize_t length = cellar__file_read("/proc/self/stat", text, sizeof text);
    const char *at = text;
    for (ssize_t i = 0; i < length; i++) {
        at = text[i] == ')' ? text + i : at;
    }
    for (int field = 2; field < 22 && *at != '\0'; at++) {
        field += *at == ' ';
    }
    uint64_t ticks = 0;
    for (; length > 0 && *at >= '0' && *at <= '9'; at++) {
        ticks = ticks * 10 + (uint64_t)(*at - '0');
    }
    return ticks;
}

void cellar__os_usage(struct cellar__usage *ret_usage)
{
    struct rusage usage = {0};
    struct timespec now = {0};
    CELLAR_CALL2(SYS_getrusage, RUSAGE_SELF, &usage);
    clock_gettime(CLOCK_BOOTTIME, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    uint64_t start_ns = process_start_ticks() * 10000000u;
    *ret_usage = (struct cellar__usage){
        .wall_ns = now_ns > start_ns ? now_ns - start_ns : 0,
        .user_ns = process_timeval_ns(&usage.ru_utime),
        .system_ns = process_timeval_ns(&usage.ru_stime),
        .minor_faults = (uint64_t)usage.ru_minflt,
        .peak_rss = (size_t)usage.ru_maxrss * 1024,
    };
}
