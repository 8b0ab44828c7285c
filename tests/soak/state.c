#include "soak/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

struct soak_shared *soak_shared;
struct soak_options soak_options;

void soak_error(const char *format, ...)
{
    soak_count(&soak_shared->counts.nerrors, 1);
    if (__atomic_exchange_n(&soak_shared->has_error, 1, __ATOMIC_ACQ_REL) == 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(soak_shared->error, sizeof soak_shared->error, format, args);
        va_end(args);
    }
    __atomic_store_n(&soak_shared->is_over, 1, __ATOMIC_RELEASE);
}

uint64_t soak_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void soak_sleep_ns(uint64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    nanosleep(&time, NULL);
}
