/* title: destructors of thread-specific data allocate and free, in every round */
#include "threads.h"

#include <limits.h>

static pthread_key_t keys[3];

/* Comes again in each round that POSIX has, with another block. */
static void destroy(void *value)
{
    size_t *round = value;
    size_t next = *round + 1;
    row_free(row_get(100 * next));
    row_free(row_get(100000));
    row_free(value);
    if (next < PTHREAD_DESTRUCTOR_ITERATIONS) {
        round = row_get(sizeof *round);
        *round = next;
        for (size_t i = 0; i < ROW_COUNTOF(keys); i++) {
            if (pthread_getspecific(keys[i]) == NULL) {
                pthread_setspecific(keys[i], round);
                return;
            }
        }
        row_free(round);
    }
}

static void *thread_run(void *argument)
{
    for (size_t i = 0; i < ROW_COUNTOF(keys); i++) {
        size_t *round = row_get(sizeof *round);
        *round = 0;
        pthread_setspecific(keys[i], round);
    }
    return argument;
}

int main(void)
{
    for (size_t i = 0; i < ROW_COUNTOF(keys); i++) {
        ROW_CHECK(pthread_key_create(&keys[i], destroy) == 0, "no key");
    }
    pthread_join(thread_start(thread_run, NULL), NULL);
    size_t before = row_rss();
    for (int i = 0; i < 2000; i++) {
        pthread_join(thread_start(thread_run, NULL), NULL);
    }
    size_t after = row_rss();
    ROW_CHECK(after <= before + 2 * ROW_MIB, "RSS grows from %zu to %zu KiB", before >> 10, after >> 10);
    return 0;
}
