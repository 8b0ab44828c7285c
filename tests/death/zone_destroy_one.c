/* expect: cellar: zone nodes: destroyed with 1 item still out */
/* status: exit 0 */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    void *item = cellar_zone_alloc(zone, NULL, 0);
    cellar_zone_destroy(zone);
    return 0;
}
