/* expect: cellar: free(PTR): several zones share the slabs of zone nodes, and free cannot tell whose it is */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    cellar_zone_create_secondary(zone, &attr);
    free(cellar_zone_alloc(zone, NULL, 0));
    return 0;
}
