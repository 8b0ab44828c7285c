/* title: malloc(0) and calloc(0, n) give unique blocks */
#include "row.h"

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (void *const *)a, y = (uintptr_t) * (void *const *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    static void *blocks[4000];
    for (size_t i = 0; i < ROW_COUNTOF(blocks); i += 4) {
        blocks[i] = row_malloc(0);
        blocks[i + 1] = row_calloc(0, 8);
        blocks[i + 2] = row_calloc(8, 0);
        blocks[i + 3] = row_realloc(NULL, 0);
        ROW_CHECK(blocks[i] != NULL, "malloc(0) is NULL");
        ROW_CHECK(blocks[i + 1] != NULL, "calloc(0, 8) is NULL");
        ROW_CHECK(blocks[i + 2] != NULL, "calloc(8, 0) is NULL");
        ROW_CHECK(blocks[i + 3] != NULL, "realloc(NULL, 0) is NULL");
    }
    qsort(blocks, ROW_COUNTOF(blocks), sizeof(blocks[0]), by_address);
    for (size_t i = 1; i < ROW_COUNTOF(blocks); i++) {
        ROW_CHECK((uintptr_t)blocks[i] != (uintptr_t)blocks[i - 1],
                  "two live blocks of no bytes have one address");
    }
    for (size_t i = 0; i < ROW_COUNTOF(blocks); i++) {
        row_free(blocks[i]);
    }
    return 0;
}
