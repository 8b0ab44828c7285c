/* expect: cellar: free(PTR): an item of zone nodes, stopped by the option zone_free:abort */
/* status: abort */
/* conf: zone_free:abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    free(cellar_zone_alloc(zone, NULL, 0));
    return 0;
}
