/* title: freezero (OpenBSD) clears and frees */
#include "row.h"

int main(void)
{
    void (*freezero_own)(void *, size_t) = (void (*)(void *, size_t))row_own_or_absent("freezero");
    size_t before = row_rss();
    freezero_own(NULL, 0);
    for (size_t i = 0; i < 100000; i++) {
        char *block = (char *)row_get(10000);
        memset(block, 0x5A, 10000);
        errno = ROW_ODD_ERRNO;
        freezero_own(block, 10000);
        ROW_CHECK(errno == ROW_ODD_ERRNO, "freezero sets errno to %d", errno);
    }
    ROW_CHECK(row_rss() < before + 100 * ROW_MIB, "freezero does not free");
    /* Slabs and stacks of free blocks give the last one back first; where another comes, nothing can be said of it. */
    size_t seen = 0;
    for (size_t size = 64; size <= 16384; size *= 2) {
        char *block = (char *)row_get(size);
        memset(block, 0x5A, size);
        uintptr_t was = (uintptr_t)block;
        freezero_own(block, size);
        char *again = (char *)row_get(size);
        if ((uintptr_t)again == was) {
            seen++;
            ROW_CHECK(memchr(again + 32, 0x5A, size - 32) == NULL, "freezero does not clear %zu bytes", size);
        }
        row_free(again);
    }
    ROW_CHECK(seen > 0, "no block came back: cannot tell whether it clears");
    return 0;
}
