/* expect: cellar: invalid free of PTR in zone nodes: it lies in zone edges */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    attr.name = "edges";
    struct cellar_zone *edges = cellar_zone_create(&attr);
    cellar_zone_free(zone, cellar_zone_alloc(edges, NULL, 0), NULL);
    return 0;
}
