/* title: reallocf (BSD) frees the block when it fails */
#include "row.h"

int main(void)
{
    void *(*reallocf_own)(void *, size_t) = (void *(*)(void *, size_t))row_own_or_absent("reallocf");
    void *block = reallocf_own(NULL, 100);
    ROW_CHECK(block != NULL, "reallocf(NULL, 100) fails");
    row_fill(block, 100, 1);
    block = reallocf_own(block, 100000);
    ROW_CHECK(block != NULL && row_holds(block, 96, 1), "reallocf loses the contents");
    row_free(block);
    size_t before = row_rss();
    for (size_t i = 0; i < 1000; i++) {
        block = row_get(ROW_MIB);
        memset(block, 1, ROW_MIB);
        errno = ROW_ODD_ERRNO;
        ROW_CHECK(reallocf_own(block, PTRDIFF_MAX) == NULL, "reallocf(p, PTRDIFF_MAX) succeeds");
        ROW_CHECK(errno == ENOMEM, "reallocf(p, PTRDIFF_MAX) fails with errno %d", errno);
    }
    ROW_CHECK(row_rss() < before + 100 * ROW_MIB, "reallocf that fails does not free the block");
    return 0;
}
