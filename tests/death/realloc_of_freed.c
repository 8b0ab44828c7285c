/* expect: cellar: invalid realloc of PTR: no live block lies there */
/* status: abort */
/* conf: mode:harden */
#include <stdlib.h>

int main(void)
{
    void *block = malloc(200000);
    free(block);
    realloc(block, 300000);
    return 0;
}
