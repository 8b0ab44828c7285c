/* expect: cellar: double free of PTR in zone malloc.112: the item is free already */
/* status: abort */
#include <stdlib.h>

int main(void)
{
    void *block = malloc(100);
    free(block);
    free(block);
    return 0;
}
