/* title: a size above PTRDIFF_MAX fails in every function */
#include "calls.h"

int main(void)
{
    for (size_t i = 0; i < ROW_COUNTOF(calls); i++) {
        /* Near both ends of the range, and in steps through it. */
        for (size_t k = 0; k < 300; k++) {
            size_t near = k < 200 ? k : (size_t)1 << (k - 200) % 63;
            size_t sizes[] = {(size_t)PTRDIFF_MAX + 1 + near, SIZE_MAX - near};
            for (size_t j = 0; j < ROW_COUNTOF(sizes); j++) {
                ROW_CHECK(calls[i].run(sizes[j]) == NULL, "%s succeeds for n = %#zx", calls[i].name,
                          sizes[j]);
            }
        }
    }
    return 0;
}
