/* expect: */
/* status: exit 0 */
/* conf: zero_realloc:alloc */
#include <stdlib.h>

int main(void)
{
    void *block = malloc(10);
    if (realloc(block, 0) == NULL) {
        return 1;
    }
    return 0;
}
