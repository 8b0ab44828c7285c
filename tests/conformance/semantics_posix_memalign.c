/* title: posix_memalign refuses wrong alignments with EINVAL, and leaves its result on failure */
#include "row.h"

int main(void)
{
    static const size_t wrong[] = {0, 1, 2, 4, 3, 7, 12, 24, 3 * 8, 40, 4095, 4097, SIZE_MAX, SIZE_MAX / 2};
    static const size_t too_large[] = {SIZE_MAX, SIZE_MAX - 5, PTRDIFF_MAX, (size_t)1 << 50};
    char mark;
    void *const untouched = &mark;
    for (size_t i = 0; i < ROW_COUNTOF(wrong); i++) {
        void *block = untouched;
        int error = row_posix_memalign(&block, wrong[i], 100);
        ROW_CHECK(error == EINVAL, "posix_memalign(&p, %zu, 100) returns %d", wrong[i], error);
        ROW_CHECK(block == untouched, "posix_memalign(&p, %zu, 100) fails and changes p", wrong[i]);
    }
    for (size_t alignment = sizeof(void *); alignment <= 65536; alignment *= 2) {
        for (size_t i = 0; i < ROW_COUNTOF(too_large); i++) {
            void *block = untouched;
            int error = row_posix_memalign(&block, alignment, too_large[i]);
            ROW_CHECK(error == ENOMEM, "posix_memalign(&p, %zu, %#zx) returns %d", alignment, too_large[i],
                      error);
            ROW_CHECK(block == untouched, "posix_memalign(&p, %zu, %#zx) fails and changes p", alignment,
                      too_large[i]);
        }
        void *block = untouched;
        int error = row_posix_memalign(&block, alignment, 100);
        ROW_CHECK(error == 0 && block != untouched, "posix_memalign(&p, %zu, 100) returns %d", alignment,
                  error);
        ROW_CHECK(block != NULL && row_aligned(block, alignment), "it is not aligned to %zu", alignment);
        row_free(block);
    }
    return 0;
}
