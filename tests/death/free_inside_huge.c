/* expect: cellar: invalid free of PTR: no live block lies there */
/* status: abort */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(3 << 20);
    free(block + 4096);
    return 0;
}
