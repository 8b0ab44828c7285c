/* title: pvalloc rounds up to pages, and sees the overflow before */
#include "row.h"

int main(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t sizes[] = {0, 1, page - 1, page, page + 1, 10 * page + 1, 1000 * page + 7};
    void *blocks[ROW_COUNTOF(sizes)];
    for (size_t n = 1; n < page; n++) {
        ROW_CHECK(row_pvalloc(SIZE_MAX - n + 1) == NULL, "pvalloc(SIZE_MAX - %zu) succeeds", n - 1);
    }
    errno = ROW_ODD_ERRNO;
    ROW_CHECK(row_pvalloc(SIZE_MAX - 5) == NULL && errno == ENOMEM, "pvalloc(SIZE_MAX - 5): errno %d", errno);
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        size_t rounded = (sizes[i] + page - 1) / page * page;
        blocks[i] = row_pvalloc(sizes[i]);
        ROW_CHECK(blocks[i] != NULL, "pvalloc(%zu) fails", sizes[i]);
        ROW_CHECK(row_aligned(blocks[i], page), "pvalloc(%zu) is not aligned to a page", sizes[i]);
        size_t usable = row_malloc_usable_size(blocks[i]);
        ROW_CHECK(usable >= rounded, "pvalloc(%zu) gives %zu bytes, less than its pages", sizes[i], usable);
        row_fill(blocks[i], rounded, i);
    }
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        size_t rounded = (sizes[i] + page - 1) / page * page;
        ROW_CHECK(row_holds(blocks[i], rounded, i), "blocks of pvalloc overlap");
        row_free(blocks[i]);
    }
    return 0;
}
