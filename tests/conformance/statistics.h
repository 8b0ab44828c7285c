/* A spike of many small blocks or of a few large ones, for rows that compare figures before, during and after it. */
#ifndef CONFORMANCE_STATISTICS_H
#define CONFORMANCE_STATISTICS_H

#include "row.h"

#include <sys/mman.h>

struct spike {
    size_t count, size;
    void **blocks; /* an array of the kernel's, so that it does not count */
};

ROW_UNUSED static void spike_begin(struct spike *spike, size_t count, size_t size)
{
    spike->count = count;
    spike->size = size;
    void *array =
        mmap(NULL, count * sizeof(void *), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ROW_CHECK(array != MAP_FAILED, "no memory for the row");
    spike->blocks = (void **)array;
    for (size_t i = 0; i < count; i++) {
        spike->blocks[i] = row_get(size);
        memset(spike->blocks[i], 1, size);
    }
}

ROW_UNUSED static void spike_end(struct spike *spike)
{
    for (size_t i = 0; i < spike->count; i++) {
        row_free(spike->blocks[i]);
    }
    munmap(spike->blocks, spike->count * sizeof(void *));
}

/* What is in use has to rise by about the spike, and to fall again. */
ROW_UNUSED static void spike_judge(const char *figure, size_t before, size_t during, size_t after,
                                   size_t bytes)
{
    size_t rise = during > before ? during - before : 0;
    ROW_CHECK(rise >= bytes - bytes / 10 && rise <= bytes + bytes / 2, "%s rises by %zu KiB for %zu KiB",
              figure, rise >> 10, bytes >> 10);
    ROW_CHECK(after <= before + bytes / 10, "%s falls by %zu KiB when %zu KiB are freed", figure,
              during > after ? (during - after) >> 10 : 0, bytes >> 10);
}

#endif
