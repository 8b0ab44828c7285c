/* title: malloc gives what malloc_good_size promises */
#include "row.h"

int main(void)
{
    size_t (*good_own)(size_t) = (size_t(*)(size_t))row_own_or_absent("malloc_good_size");
    for (size_t size = 0; size < 10 * ROW_MIB; size += 1 + size / 9) {
        size_t good = good_own(size);
        void *block = row_get(size);
        ROW_CHECK(good >= size, "malloc_good_size(%zu) is %zu", size, good);
        ROW_CHECK(good <= row_malloc_usable_size(block), "malloc_good_size(%zu) is %zu, malloc gives %zu",
                  size, good, row_malloc_usable_size(block));
        ROW_CHECK(good_own(good) == good, "malloc_good_size(%zu) is %zu, and of that again %zu", size, good,
                  good_own(good));
        row_free(block);
    }
    ROW_CHECK(good_own(SIZE_MAX) >= SIZE_MAX - 4096 || good_own(SIZE_MAX) == 0,
              "malloc_good_size(SIZE_MAX) wraps");
    return 0;
}
