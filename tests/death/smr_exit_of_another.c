/* expect: cellar: smr second: exit without enter */
/* status: abort */
#include <cellar/smr.h>

int main(void)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .name = "first"};
    struct cellar_smr *first = cellar_smr_create(&attr);
    attr.name = "second";
    struct cellar_smr *second = cellar_smr_create(&attr);
    cellar_smr_enter(first);
    cellar_smr_exit(second);
    return 0;
}
