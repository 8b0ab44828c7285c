/* title: a failed realloc leaves the block and its contents */
#include "row.h"

/* Both what no machine has, and what only this process may not have. */
static void realloc_refuse(size_t size, size_t resized)
{
    void *block = row_get(size);
    row_fill(block, size, size);
    errno = ROW_ODD_ERRNO;
    ROW_CHECK(row_realloc(block, resized) == NULL, "realloc(p, %#zx) succeeds", resized);
    ROW_CHECK(errno == ENOMEM, "realloc(p, %#zx) fails with errno %d", resized, errno);
    ROW_CHECK(row_holds(block, size, size), "a block of %zu bytes changes when realloc fails", size);
    void *kept = row_realloc(block, size + size / 2);
    ROW_CHECK(kept != NULL, "after a refusal a block of %zu bytes cannot grow", size);
    ROW_CHECK(row_holds(kept, size & ~(size_t)7, size), "after a refusal the contents are lost");
    row_free(kept);
}

int main(void)
{
    static const size_t sizes[] = {24, 1000, 50000, 300000, 5 << 20};
    static const size_t too_large[] = {SIZE_MAX, SIZE_MAX / 2, PTRDIFF_MAX, (size_t)1 << 50};
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        for (size_t k = 0; k < ROW_COUNTOF(too_large); k++) {
            realloc_refuse(sizes[i], too_large[k]);
        }
    }
    /* Far less than a reservation that the allocator may have made already: it cannot be served from that. */
    struct rlimit limit = {ROW_GIB, ROW_GIB};
    ROW_CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "cannot set RLIMIT_AS");
    limit.rlim_cur = limit.rlim_max;
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        void *block = row_malloc(sizes[i]);
        if (block == NULL) {
            continue;
        }
        row_fill(block, sizes[i], i);
        ROW_CHECK(row_realloc(block, (size_t)1 << 45) == NULL,
                  "realloc to 32 TiB succeeds under RLIMIT_AS of 1 GiB");
        ROW_CHECK(row_holds(block, sizes[i], i), "a block of %zu bytes changes when realloc fails", sizes[i]);
        row_free(block);
    }
    return 0;
}
