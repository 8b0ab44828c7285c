/* title: reallocarray allocates and resizes */
#include "row.h"

int main(void)
{
    static const size_t counts[] = {1, 10, 100, 99, 1000, 100000, 2000000, 50, 3};
    void *block = row_reallocarray(NULL, 5, 8);
    size_t size = 40;
    ROW_CHECK(block != NULL, "reallocarray(NULL, 5, 8) fails");
    row_fill(block, size, 7);
    for (size_t i = 0; i < ROW_COUNTOF(counts); i++) {
        size_t resized = counts[i] * 24;
        block = row_reallocarray(block, counts[i], 24);
        ROW_CHECK(block != NULL, "reallocarray(p, %zu, 24) fails", counts[i]);
        ROW_CHECK(row_holds(block, size < resized ? size & ~(size_t)7 : resized, 7), "it loses the contents");
        ROW_CHECK(row_malloc_usable_size(block) >= resized, "it gives less than %zu bytes", resized);
        size = resized;
        row_fill(block, size, 7);
    }
    row_free(block);
    return 0;
}
