/* expect: cellar: invalid free of PTR: no live block lies there */
/* status: abort */
/* conf: mode:harden */
#include <stdlib.h>

int main(void)
{
    /* The only item of its size: its slab goes with it. */
    void *block = malloc(20000);
    free(block);
    free(block);
    return 0;
}
