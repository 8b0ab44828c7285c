/* expect: cellar: CELLAR_CONF: fit: bad value "tight"; it must be one of instant, segregated, quick, best, first, next, worst, buddy, fifo, lifo; using instant */
/* status: exit 0 */
/* conf: fit:tight */
#include <stdlib.h>

int main(void)
{
    return malloc(10) == NULL;
}
