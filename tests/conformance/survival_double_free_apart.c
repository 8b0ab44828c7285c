/* title: a double free with another free between is stopped, at the latest when the blocks go back */
#include "misuse.h"

static void free_around(void *argument)
{
    (void)argument;
    void *keeps = row_get(misuse_size);
    void *first = row_get(misuse_size);
    void *second = row_get(misuse_size);
    row_free(first);
    row_free(second);
    row_free(first);
    misuse_settle();
    _exit(keeps == NULL);
}

int main(void)
{
    misuse_require_sizes(free_around, "a double free");
    return 0;
}
