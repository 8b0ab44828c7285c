/* expect: cellar: invalid free of PTR: not an address of Cellar's; ignored */
/* status: exit 0 */
/* conf: foreign_free:report */
#include <stdlib.h>

int main(void)
{
    static char foreign[64];
    free(foreign);
    free(malloc(10));
    return 0;
}
