/* title: aligned_alloc refuses what is no power of two with EINVAL, and takes any size */
#include "row.h"

int main(void)
{
    static const size_t wrong[] = {0, 3, 24, 48, 1000, 4097, SIZE_MAX};
    static const size_t odd[] = {1, 63, 65, 100, 4097, 100001};
    for (size_t i = 0; i < ROW_COUNTOF(odd); i++) {
        for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
            void *block = row_aligned_alloc(alignment, odd[i]);
            ROW_CHECK(block != NULL, "aligned_alloc(%zu, %zu) fails", alignment, odd[i]);
            ROW_CHECK(row_aligned(block, alignment), "aligned_alloc(%zu, %zu) is not aligned", alignment,
                      odd[i]);
            row_free(block);
        }
    }
    for (size_t i = 0; i < ROW_COUNTOF(wrong); i++) {
        errno = ROW_ODD_ERRNO;
        void *block = row_aligned_alloc(wrong[i], 100);
        ROW_CHECK(block == NULL, "aligned_alloc(%zu, 100) succeeds", wrong[i]);
        ROW_CHECK(errno == EINVAL, "aligned_alloc(%zu, 100) fails with errno %d", wrong[i], errno);
    }
    return 0;
}
