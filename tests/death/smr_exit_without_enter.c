/* expect: cellar: smr table: exit without enter */
/* status: abort */
#include <cellar/smr.h>

int main(void)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .name = "table"};
    struct cellar_smr *smr = cellar_smr_create(&attr);
    cellar_smr_enter(smr);
    cellar_smr_exit(smr);
    cellar_smr_exit(smr);
    return 0;
}
