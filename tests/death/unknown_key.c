/* expect: cellar: CELLAR_CONF: unknown key "colour"; see CELLAR_CONF=help:1 */
/* status: exit 0 */
/* conf: colour:red */
#include <stdlib.h>

int main(void)
{
    return malloc(10) == NULL;
}
