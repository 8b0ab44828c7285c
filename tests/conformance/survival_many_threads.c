/* title: 10,000 threads created and ended leave RSS flat; timeout: 120 */
#include "threads.h"

enum { THREADS = 10000, LEFT = 8 };

/* Allocates of many sizes, and leaves some blocks to whoever comes later. */
static void *thread_run(void *argument)
{
    void **left = argument;
    void *own[32];
    for (size_t i = 0; i < ROW_COUNTOF(own); i++) {
        own[i] = row_get(16 + i * 150);
        memset(own[i], 1, 16);
    }
    for (size_t i = 0; i < LEFT; i++) {
        row_free(left[i]);
        left[i] = row_get(100 + i * 40);
    }
    for (size_t i = 0; i < ROW_COUNTOF(own); i++) {
        row_free(own[i]);
    }
    return NULL;
}

int main(void)
{
    static void *left[LEFT];
    size_t first = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread_start(thread_run, left), NULL);
        if (i == THREADS / 2) {
            first = row_rss();
        }
    }
    size_t last = row_rss();
    ROW_CHECK(last <= first + 2 * ROW_MIB, "RSS grows from %zu to %zu KiB in the second half", first >> 10,
              last >> 10);
    return 0;
}
