/* What all threads and processes of a soak share. */
#ifndef CELLAR_TESTS_SOAK_STATE_H
#define CELLAR_TESTS_SOAK_STATE_H

#include <stdbool.h>

#include "soak/soak.h"

/* In memory that children share too; atomic. */
struct soak_shared {
    struct soak_counts counts;
    uint32_t is_over;
    uint32_t has_error; /* the text below is taken */
    char error[256];
};

extern struct soak_shared *soak_shared;
extern struct soak_options soak_options; /* constant while the soak runs */

/* Notes an error and ends the soak; the text of the first one is kept. */
__attribute__((format(printf, 1, 2))) void soak_error(const char *format, ...);

static inline bool soak_is_over(void)
{
    return __atomic_load_n(&soak_shared->is_over, __ATOMIC_RELAXED) != 0;
}

static inline void soak_count(uint64_t *counter, uint64_t n)
{
    __atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

/* Monotonic. */
uint64_t soak_now_ns(void);
void soak_sleep_ns(uint64_t ns);

#endif
