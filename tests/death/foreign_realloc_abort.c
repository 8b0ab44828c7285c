/* expect: cellar: invalid realloc of PTR: not an address of Cellar's */
/* status: abort */
/* conf: foreign_free:abort */
#include <stdlib.h>

int main(void)
{
    static char foreign[64];
    realloc(foreign, 100);
    return 0;
}
