/* title: a double free in a row is stopped with a message, before the block is handed out again */
#include "misuse.h"

static void free_twice(void *argument)
{
    (void)argument;
    void *keeps = row_get(misuse_size);
    void *block = row_get(misuse_size);
    row_free(block);
    row_free(block);
    void *first = row_malloc(misuse_size);
    void *second = row_malloc(misuse_size);
    _exit(first == second ? 3 : keeps == NULL);
}

int main(void)
{
    misuse_require_sizes(free_twice, "a double free");
    return 0;
}
