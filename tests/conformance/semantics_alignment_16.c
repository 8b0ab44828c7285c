/* title: every block is aligned to 16 */
#include "row.h"

static void aligned_check(void *block, const char *call, size_t size)
{
    ROW_CHECK(block != NULL, "%s of %zu bytes fails", call, size);
    ROW_CHECK(row_aligned(block, 16), "%s of %zu bytes is aligned to %d only", call, size,
              (int)((uintptr_t)block & -(uintptr_t)block));
}

int main(void)
{
    static void *live[3][4097];
    for (size_t size = 0; size <= 4096; size++) {
        aligned_check(live[0][size] = row_malloc(size), "malloc", size);
        aligned_check(live[1][size] = row_calloc(1, size), "calloc", size);
        live[2][size] = row_get(1);
        if (size > 0) {
            aligned_check(live[2][size] = row_realloc(live[2][size], size), "realloc", size);
        }
    }
    for (size_t size = 0; size <= 4096; size++) {
        for (size_t i = 0; i < 3; i++) {
            row_free(live[i][size]);
        }
    }
    void *growing = NULL;
    for (size_t size = 4097; size < 100 * ROW_MIB; size += size / 5) {
        void *blocks[] = {row_malloc(size), row_calloc(1, size)};
        aligned_check(blocks[0], "malloc", size);
        aligned_check(blocks[1], "calloc", size);
        aligned_check(growing = row_realloc(growing, size), "realloc", size);
        row_free(blocks[0]);
        row_free(blocks[1]);
    }
    row_free(growing);
    return 0;
}
