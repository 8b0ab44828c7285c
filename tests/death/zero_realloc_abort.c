/* expect: cellar: realloc(PTR, 0): stopped by the option zero_realloc:abort */
/* status: abort */
/* conf: zero_realloc:abort */
#include <stdlib.h>

int main(void)
{
    realloc(malloc(10), 0);
    return 0;
}
