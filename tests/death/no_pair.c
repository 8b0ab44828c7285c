/* expect: cellar: CELLAR_CONF: "harden" is no key:value; see CELLAR_CONF=help:1 */
/* status: exit 0 */
/* conf: harden */
#include <stdlib.h>

int main(void)
{
    return malloc(10) == NULL;
}
