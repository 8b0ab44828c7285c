/* expect: cellar: zone nodes: an allocation that must not fail has failed: the limit is reached */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48, .max_items = 1};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    void *item = cellar_zone_alloc(zone, NULL, 0);
    cellar_zone_alloc(zone, NULL, CELLAR_ZONE_NOFAIL | CELLAR_ZONE_NOWAIT);
    return 0;
}
