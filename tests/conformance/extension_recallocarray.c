/* title: recallocarray (OpenBSD) clears what is added and what is dropped */
#include "row.h"

typedef void *recallocarray_function(void *, size_t, size_t, size_t);

static recallocarray_function *resize;

static void resize_judge(size_t old_count, size_t count, size_t size)
{
    char *block = (char *)resize(NULL, 0, old_count, size);
    ROW_CHECK(block != NULL, "recallocarray(NULL, 0, %zu, %zu) fails", old_count, size);
    ROW_CHECK(row_all(block, old_count * size, 0), "a new array is not all zero");
    memset(block, 0x5A, old_count * size);
    size_t kept = (old_count < count ? old_count : count) * size;
    char *resized = (char *)resize(block, old_count, count, size);
    ROW_CHECK(resized != NULL, "recallocarray(p, %zu, %zu, %zu) fails", old_count, count, size);
    ROW_CHECK(row_all(resized, kept, 0x5A), "the contents are lost");
    if (count > old_count) {
        ROW_CHECK(row_all(resized + kept, count * size - kept, 0), "added elements are not all zero");
    } else if (resized ==
               block) { /* behind it are bytes that the program may not read unless they are usable */
        size_t usable = row_malloc_usable_size(resized);
        size_t dropped = old_count * size < usable ? old_count * size : usable;
        ROW_CHECK(row_all(resized + kept, dropped - kept, 0), "dropped elements are not cleared");
    }
    row_free(resized);
}

int main(void)
{
    static const size_t counts[] = {1, 2, 5, 9, 10, 11, 100, 1000, 1023, 5000, 40000, 100000};
    resize = (recallocarray_function *)row_own_or_absent("recallocarray");
    for (size_t i = 0; i < ROW_COUNTOF(counts); i++) {
        for (size_t k = 0; k < ROW_COUNTOF(counts); k++) {
            resize_judge(counts[i], counts[k], 8);
            resize_judge(counts[i], counts[k], 24);
        }
    }
    void *block = row_get(100);
    row_fill(block, 100, 3);
    errno = ROW_ODD_ERRNO;
    ROW_CHECK(resize(block, 10, SIZE_MAX / 2, 10) == NULL && errno == ENOMEM, "an overflow: errno is %d",
              errno);
    errno = ROW_ODD_ERRNO;
    ROW_CHECK(resize(block, SIZE_MAX / 2, 10, 10) == NULL && errno == EINVAL, "a wrong old size: errno is %d",
              errno);
    ROW_CHECK(row_holds(block, 100, 3), "a failure changes the block");
    row_free(block);
    return 0;
}
