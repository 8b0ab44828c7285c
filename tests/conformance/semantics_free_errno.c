/* title: free keeps errno, also when munmap and madvise fail; timeout: 60 */
#include "fault.h"

/* Rounds of many blocks at once: more than any cache of free blocks takes, so that memory goes back to the kernel. */
static void free_all_kinds(const char *when)
{
    static const size_t sizes[] = {16, 1000, 20000, 40000, 200000, 1 << 20, 3 << 20, 64 << 20};
    static void *blocks[2000];
    errno = ROW_ODD_ERRNO;
    row_free(NULL);
    ROW_CHECK(errno == ROW_ODD_ERRNO, "free(NULL) sets errno to %d", errno);
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        size_t count = (64 << 20) / sizes[i];
        count = count > ROW_COUNTOF(blocks) ? ROW_COUNTOF(blocks) : count;
        for (size_t k = 0; k < count; k++) {
            blocks[k] = row_get(sizes[i]);
            memset(blocks[k], 1, sizes[i]);
        }
        for (size_t k = 0; k < count; k++) {
            errno = ROW_ODD_ERRNO;
            row_free(blocks[k]);
            ROW_CHECK(errno == ROW_ODD_ERRNO, "free of %zu bytes sets errno to %d%s", sizes[i], errno, when);
        }
    }
}

int main(void)
{
    free_all_kinds("");
    fault_refuse(SYS_munmap);
    fault_refuse(SYS_madvise);
    free_all_kinds(" when munmap and madvise fail");
    return 0;
}
