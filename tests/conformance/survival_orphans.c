/* title: blocks of a thread that has ended are freed by another */
#include "threads.h"

enum { BLOCKS = 2000 };

static void *blocks[BLOCKS];

static void *thread_run(void *argument)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = row_get(1 + i * 7);
        row_fill(blocks[i], 1 + i * 7, i);
    }
    return argument;
}

int main(void)
{
    for (int round = 0; round < 20; round++) {
        pthread_join(thread_start(thread_run, NULL), NULL);
        for (size_t i = 0; i < BLOCKS; i++) {
            ROW_CHECK(row_holds(blocks[i], 1 + i * 7, i), "a block of %zu bytes has lost its contents",
                      1 + i * 7);
            row_free(blocks[i]);
        }
    }
    return 0;
}
