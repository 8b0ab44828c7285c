/* Threads that allocate and free as long as a row wants. */
#ifndef CONFORMANCE_THREADS_H
#define CONFORMANCE_THREADS_H

#include "row.h"

#include <pthread.h>

enum { NOISE_BLOCKS = 64 };

static volatile int noise_over;

/* A size from 1 byte to 300 KB, most of them small. */
ROW_UNUSED static size_t noise_size(uint64_t *state)
{
    uint64_t bits = row_random(state);
    return 1 + (bits >> 8) % ((bits & 63) == 0 ? 300000 : (bits & 7) == 0 ? 5000 : 200);
}

/* One step: replaces a block, having looked whether it is as it was. */
ROW_UNUSED static void noise_step(void **blocks, size_t *sizes, uint64_t *state)
{
    size_t i = row_random(state) % NOISE_BLOCKS;
    if (blocks[i] != NULL) {
        ROW_CHECK(row_holds(blocks[i], sizes[i], i), "a block of %zu bytes has lost its contents", sizes[i]);
        row_free(blocks[i]);
    }
    sizes[i] = noise_size(state);
    blocks[i] = row_get(sizes[i]);
    row_fill(blocks[i], sizes[i], i);
}

ROW_UNUSED static void *noise_run(void *argument)
{
    void *blocks[NOISE_BLOCKS] = {NULL};
    size_t sizes[NOISE_BLOCKS] = {0};
    uint64_t state = (uintptr_t)argument + 1;
    while (!noise_over) {
        noise_step(blocks, sizes, &state);
    }
    for (size_t i = 0; i < NOISE_BLOCKS; i++) {
        row_free(blocks[i]);
    }
    return NULL;
}

ROW_UNUSED static pthread_t thread_start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, argument);
    ROW_CHECK(error == 0, "pthread_create: %s", strerror(error));
    return thread;
}

#endif
