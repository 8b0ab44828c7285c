/* expect: cellar: zone nodes: an allocation that must not fail has failed: out of memory */
/* status: abort */
/* conf: limit:1M */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    while (cellar_zone_alloc(zone, NULL, CELLAR_ZONE_NOFAIL) != NULL) {
    }
    return 0;
}
