/* A system call with which memory goes back is refused: free goes on and keeps errno, contents stay. */
#ifndef CONFORMANCE_REFUSED_H
#define CONFORMANCE_REFUSED_H

#include "fault.h"
#include "threads.h"

static void refused_survive(int call)
{
    void *blocks[NOISE_BLOCKS] = {NULL};
    size_t sizes[NOISE_BLOCKS] = {0};
    uint64_t state = 3;
    row_free(row_get(100));
    fault_refuse(call);
    for (int i = 0; i < 30000; i++) {
        noise_step(blocks, sizes, &state);
    }
    for (size_t size = ROW_KIB; size <= 64 * ROW_MIB; size *= 2) {
        char *block = row_calloc(1, size);
        ROW_CHECK(block != NULL && row_all(block, size, 0), "calloc of %zu bytes does not clear", size);
        memset(block, 1, size);
        errno = ROW_ODD_ERRNO;
        row_free(block);
        ROW_CHECK(errno == ROW_ODD_ERRNO, "free of %zu bytes sets errno to %d", size, errno);
        row_free(row_realloc(row_get(size), size * 2));
    }
}

#endif
