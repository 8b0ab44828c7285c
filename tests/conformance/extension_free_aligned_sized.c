/* title: free_aligned_sized (C23) */
#include "row.h"

int main(void)
{
    typedef void free_function(void *, size_t, size_t);
    free_function *free_own = (free_function *)row_own_or_absent("free_aligned_sized");
    static const size_t sizes[] = {1, 100, 5000, 50000, 300000, 5 << 20};
    size_t before = row_rss();
    free_own(NULL, 64, 10);
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        for (size_t alignment = 8; alignment <= 65536; alignment *= 2) {
            for (size_t k = 0; k < 100; k++) {
                void *block = row_aligned_alloc(alignment, sizes[i]);
                ROW_CHECK(block != NULL, "aligned_alloc(%zu, %zu) fails", alignment, sizes[i]);
                memset(block, 1, sizes[i]);
                errno = ROW_ODD_ERRNO;
                free_own(block, alignment, sizes[i]);
                ROW_CHECK(errno == ROW_ODD_ERRNO, "free_aligned_sized sets errno to %d", errno);
            }
        }
    }
    ROW_CHECK(row_rss() < before + 100 * ROW_MIB, "free_aligned_sized does not free");
    return 0;
}
