/* expect: cellar: invalid free of PTR: no live block lies there */
/* status: abort */
#include <stdlib.h>

int main(void)
{
    void *block = malloc(3 << 20);
    free(block);
    free(block);
    return 0;
}
