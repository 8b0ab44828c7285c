/* title: mallopt is this allocator's, and takes glibc's parameters */
#include "row.h"

int main(void)
{
    static const struct {
        const char *name;
        int parameter, value;
    } options[] = {
        {"M_MMAP_THRESHOLD", M_MMAP_THRESHOLD, 1 << 20},
        {"M_TRIM_THRESHOLD", M_TRIM_THRESHOLD, 1 << 20},
        {"M_TOP_PAD", M_TOP_PAD, 1 << 16},
        {"M_MMAP_MAX", M_MMAP_MAX, 1000},
        {"M_ARENA_MAX", M_ARENA_MAX, 2},
        {"M_CHECK_ACTION", M_CHECK_ACTION, 3},
    };
    int (*mallopt_own)(int, int) = (int (*)(int, int))row_own_or_absent("mallopt");
    for (size_t i = 0; i < ROW_COUNTOF(options); i++) {
        int result = mallopt_own(options[i].parameter, options[i].value);
        ROW_CHECK(result == 1, "mallopt(%s, %d) returns %d", options[i].name, options[i].value, result);
    }
    for (size_t size = 1; size < 100 * ROW_MIB; size *= 3) {
        void *block = row_get(size);
        row_fill(block, size, size);
        ROW_CHECK(row_holds(block, size, size), "after mallopt a block of %zu bytes is damaged", size);
        row_free(block);
    }
    return 0;
}
