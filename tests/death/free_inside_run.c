/* expect: cellar: invalid free of PTR in zone malloc.256K: not the begin of an item */
/* status: abort */
/* conf: mode:harden */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(200000);
    free(block + 65536);
    return 0;
}
