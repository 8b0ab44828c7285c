/* title: every failure is NULL with ENOMEM */
#include "calls.h"

int main(void)
{
    static const size_t sizes[] = {
        SIZE_MAX,     SIZE_MAX - 5,     SIZE_MAX - 4095,    SIZE_MAX - 65536,
        SIZE_MAX / 2, SIZE_MAX / 2 + 1, PTRDIFF_MAX - 4096, (size_t)PTRDIFF_MAX - 65536 - 64,
        SIZE_MAX / 4, (size_t)1 << 50,
    };
    for (size_t i = 0; i < ROW_COUNTOF(calls); i++) {
        for (size_t k = 0; k < ROW_COUNTOF(sizes); k++) {
            errno = ROW_ODD_ERRNO;
            void *block = calls[i].run(sizes[k]);
            ROW_CHECK(block == NULL, "%s succeeds for n = %#zx", calls[i].name, sizes[k]);
            ROW_CHECK(errno == ENOMEM, "%s fails with errno %d for n = %#zx", calls[i].name, errno, sizes[k]);
        }
        row_free(row_get(100)); /* a refusal is no harm */
    }
    return 0;
}
