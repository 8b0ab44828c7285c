/* expect: cellar: invalid free of PTR: no live block lies there */
/* status: abort */
/* conf: mode:harden */
#include <stdlib.h>

int main(void)
{
    void *block = malloc(200000);
    free(block);
    free(block);
    return 0;
}
