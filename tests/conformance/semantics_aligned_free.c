/* title: aligned blocks can be freed and resized; timeout: 60 */
#include "row.h"

static void *aligned_get(size_t kind, size_t alignment, size_t size)
{
    void *block = NULL;
    switch (kind) {
    case 0:
        return row_posix_memalign(&block, alignment, size) == 0 ? block : NULL;
    case 1:
        return row_memalign(alignment, size);
    case 2:
        return row_aligned_alloc(alignment, size);
    case 3:
        return row_valloc(size);
    default:
        return row_pvalloc(size);
    }
}

static void aligned_resize(size_t kind, size_t alignment, size_t size, size_t resized)
{
    void *block = aligned_get(kind, alignment, size);
    size_t kept = (size < resized ? size : resized) & ~(size_t)7;
    ROW_CHECK(block != NULL, "%zu bytes aligned to %zu are refused", size, alignment);
    row_fill(block, size, size);
    block = row_realloc(block, resized);
    ROW_CHECK(block != NULL, "realloc of an aligned block to %zu bytes fails", resized);
    ROW_CHECK(row_holds(block, kept, size), "realloc of %zu bytes aligned to %zu to %zu loses contents", size,
              alignment, resized);
    row_fill(block, resized, size);
    row_free(block);
}

int main(void)
{
    static const size_t sizes[] = {1, 100, 5000, 70000, 1500000};
    for (size_t kind = 0; kind < 5; kind++) {
        for (size_t alignment = 32; alignment <= ROW_MIB; alignment *= 4) {
            for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
                aligned_resize(kind, alignment, sizes[i], sizes[i] * 3);
                aligned_resize(kind, alignment, sizes[i], sizes[i] / 3 + 1);
                aligned_resize(kind, alignment, sizes[i], 3 * ROW_MIB);
            }
        }
        /* What is freed is there again: 2 GiB in all, little at a time. */
        size_t before = row_rss();
        for (size_t k = 0; k < 20000; k++) {
            void *block = aligned_get(kind, 4096, 100000);
            ROW_CHECK(block != NULL, "an aligned block is refused");
            memset(block, 1, 100000);
            row_free(block);
        }
        size_t after = row_rss();
        ROW_CHECK(after < before + 100 * ROW_MIB, "freed aligned blocks stay: %zu MiB",
                  (after - before) >> 20);
    }
    return 0;
}
