/* title: malloc_size (BSD, macOS) is malloc_usable_size */
#include "row.h"

int main(void)
{
    size_t (*size_own)(const void *) = (size_t(*)(const void *))row_own_or_absent("malloc_size");
    ROW_CHECK(size_own(NULL) == 0, "malloc_size(NULL) is %zu", size_own(NULL));
    for (size_t size = 0; size < 10 * ROW_MIB; size += 1 + size / 9) {
        void *blocks[] = {row_get(size), row_memalign(256, size)};
        for (size_t i = 0; i < ROW_COUNTOF(blocks); i++) {
            ROW_CHECK(size_own(blocks[i]) >= size, "malloc_size is %zu for %zu bytes", size_own(blocks[i]),
                      size);
            ROW_CHECK(size_own(blocks[i]) == row_malloc_usable_size(blocks[i]),
                      "it is not malloc_usable_size");
            row_free(blocks[i]);
        }
    }
    return 0;
}
