/* expect: cellar: zone nodes: allocation with unknown flags PTR */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    cellar_zone_alloc(zone, NULL, 0x80);
    return 0;
}
