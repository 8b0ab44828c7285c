/* title: a double free in a row is stopped with a message, before the block is handed out again */
#include "misuse.h"

static size_t size_of_block;

static void free_twice(void *argument)
{
    (void)argument;
    void *keeps = row_get(size_of_block);
    void *block = row_get(size_of_block);
    row_free(block);
    row_free(block);
    void *first = row_malloc(size_of_block);
    void *second = row_malloc(size_of_block);
    _exit(first == second ? 3 : keeps == NULL);
}

int main(void)
{
    static const size_t sizes[] = {16, 100, 1000, 5000, 40000, 200000, 4 * ROW_MIB};
    for (size_t i = 0; i < ROW_COUNTOF(sizes); i++) {
        char what[64];
        size_of_block = sizes[i];
        snprintf(what, sizeof(what), "a double free of %zu bytes", sizes[i]);
        misuse_require(free_twice, what);
    }
    return 0;
}
