/* expect: cellar: invalid free of PTR in zone malloc.112: not the begin of an item */
/* status: abort */
/* conf: mode:harden */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(100);
    free(block + 16);
    return 0;
}
