/* expect: cellar: zone read: destroyed inside a section of its smr */
/* status: abort */
#include <cellar/smr.h>
#include <cellar/zone.h>

int main(void)
{
    struct cellar_smr *smr = cellar_smr_create(0);
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION, .name = "read", .size = 16, .smr = smr};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    cellar_smr_enter(smr);
    cellar_zone_destroy(zone);
    return 0;
}
