/* title: realloc(NULL, n) is malloc(n) */
#include "row.h"

int main(void)
{
    for (size_t size = 0; size < 200 * ROW_MIB; size += 1 + size / 3) {
        void *block = row_realloc(NULL, size);
        ROW_CHECK(block != NULL, "realloc(NULL, %zu) fails", size);
        ROW_CHECK(row_malloc_usable_size(block) >= size, "realloc(NULL, %zu) gives less", size);
        row_fill(block, size, size);
        ROW_CHECK(row_holds(block, size, size), "realloc(NULL, %zu): what is written is lost", size);
        row_free(block);
    }
    return 0;
}
