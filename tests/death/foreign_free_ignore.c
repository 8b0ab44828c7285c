/* expect: */
/* status: exit 0 */
/* conf: foreign_free:ignore */
#include <stdlib.h>

int main(void)
{
    static char foreign[64];
    free(foreign);
    free(malloc(10));
    return 0;
}
