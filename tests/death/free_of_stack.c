/* expect: cellar: invalid free of PTR: not an address of Cellar's */
/* status: abort */
#include <stdlib.h>

int main(void)
{
    char block[100];
    free(block + 16);
    return 0;
}
