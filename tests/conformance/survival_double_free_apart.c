/* title: a double free with another free between is stopped, at the latest when the blocks go back */
#include "misuse.h"

static size_t size_of_block;

static void free_around(void *argument)
{
    (void)argument;
    void *keeps = row_get(size_of_block);
    void *first = row_get(size_of_block);
    void *second = row_get(size_of_block);
    row_free(first);
    row_free(second);
    row_free(first);
    misuse_settle();
    _exit(keeps == NULL);
}

int main(void)
{
    static const size_t sizes[] = {16, 100, 1000, 5000, 40000, 200000, 4 * ROW_MIB};
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        char what[64];
        size_of_block = sizes[i];
        snprintf(what, sizeof(what), "a double free of %zu bytes", sizes[i]);
        misuse_require(free_around, what);
    }
    return 0;
}
