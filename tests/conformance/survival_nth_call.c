/* title: the n-th mmap, mprotect or mremap fails, for every n: NULL with ENOMEM, or success; timeout: 120 */
#include "fault.h"

enum { BLOCKS = 40, CALLS = 60 };

/* Blocks of all kinds; what could be had is intact at the end. */
static void work(void *first)
{
    void *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    fault_count(*(long *)first, 2);
    for (size_t i = 0; i < BLOCKS; i++) {
        sizes[i] = (size_t)16 << i / 2;
        errno = 0;
        blocks[i] = i % 3 == 0 ? row_calloc(1, sizes[i]) : row_malloc(sizes[i]);
        ROW_CHECK(blocks[i] != NULL || errno == ENOMEM, "malloc of %zu bytes fails with errno %d", sizes[i],
                  errno);
        if (blocks[i] != NULL) {
            row_fill(blocks[i], sizes[i] < ROW_MIB ? sizes[i] : ROW_MIB, i);
        }
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = sizes[i] < ROW_MIB ? sizes[i] : ROW_MIB;
        if (blocks[i] == NULL) {
            continue;
        }
        void *resized = row_realloc(blocks[i], sizes[i] + sizes[i] / 2);
        void *block = resized == NULL ? blocks[i] : resized;
        ROW_CHECK(row_holds(block, size, i), "a block of %zu bytes has lost its contents", sizes[i]);
        row_free(block);
    }
}

/* From the first instruction of the process on, and from when it already has a heap. */
static void fresh(void *first)
{
    char text[32];
    snprintf(text, sizeof(text), "%ld", *(long *)first);
    row_again(text);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        long first = atol(argv[1]);
        work(&first);
        return 0;
    }
    for (long n = 1; n <= CALLS; n++) {
        char what[64];
        snprintf(what, sizeof(what), "call %ld of a fresh process fails", n);
        row_survive(fresh, &n, what);
        snprintf(what, sizeof(what), "call %ld fails", n);
        row_survive(work, &n, what);
    }
    return 0;
}
