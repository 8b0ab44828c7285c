/* title: memalign rounds an alignment up to a power of two, as glibc */
#include "row.h"

int main(void)
{
    static const size_t pairs[][2] = {
        {0, 16},  {1, 16},    {3, 16},      {24, 32},     {33, 64},
        {48, 64}, {100, 128}, {1000, 1024}, {4097, 8192}, {40000, 65536},
    };
    for (size_t i = 0; i < ROW_COUNTOF(pairs); i++) {
        void *blocks[50];
        for (size_t k = 0; k < ROW_COUNTOF(blocks); k++) {
            blocks[k] = row_memalign(pairs[i][0], 100);
            ROW_CHECK(blocks[k] != NULL, "memalign(%zu, 100) fails", pairs[i][0]);
            ROW_CHECK(row_aligned(blocks[k], pairs[i][1]), "memalign(%zu, 100) is not aligned to %zu",
                      pairs[i][0], pairs[i][1]);
        }
        for (size_t k = 0; k < ROW_COUNTOF(blocks); k++) {
            row_free(blocks[k]);
        }
    }
    errno = ROW_ODD_ERRNO; /* there is no power of two above it */
    ROW_CHECK(row_memalign(SIZE_MAX / 2 + 2, 100) == NULL, "memalign(SIZE_MAX / 2 + 2, 100) succeeds");
    ROW_CHECK(errno == EINVAL, "memalign(SIZE_MAX / 2 + 2, 100) fails with errno %d", errno);
    return 0;
}
