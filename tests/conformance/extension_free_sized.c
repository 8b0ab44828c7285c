/* title: free_sized (C23) */
#include "row.h"

int main(void)
{
    void (*free_sized_own)(void *, size_t) = (void (*)(void *, size_t))row_own_or_absent("free_sized");
    static const size_t sizes[] = {0, 1, 100, 5000, 50000, 300000, 5 << 20};
    size_t before = row_rss();
    free_sized_own(NULL, 10);
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        for (size_t k = 0; k < 2000; k++) {
            void *block = k % 3 == 0   ? row_malloc(sizes[i])
                          : k % 3 == 1 ? row_calloc(1, sizes[i])
                                       : row_realloc(row_get(1), sizes[i] + (sizes[i] == 0));
            ROW_CHECK(block != NULL, "%zu bytes are refused", sizes[i]);
            memset(block, 1, sizes[i]);
            errno = ROW_ODD_ERRNO;
            free_sized_own(block, k % 3 == 2 ? sizes[i] + (sizes[i] == 0) : sizes[i]);
            ROW_CHECK(errno == ROW_ODD_ERRNO, "free_sized sets errno to %d", errno);
        }
    }
    ROW_CHECK(row_rss() < before + 100 * ROW_MIB, "free_sized does not free");
    return 0;
}
