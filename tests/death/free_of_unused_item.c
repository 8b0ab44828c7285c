/* expect: cellar: double free of PTR in zone malloc.112: the item is free already */
/* status: abort */
/* conf: mode:harden */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(100);
    free(block + 50 * 112);
    return 0;
}
