/* expect: cellar: smr smr: exit without enter */
/* status: abort */
#include <cellar/smr.h>

int main(void)
{
    cellar_smr_exit(cellar_smr_create(0));
    return 0;
}
