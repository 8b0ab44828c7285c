/* expect: cellar: double free of PTR in zone nodes: the item is free already */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48, .flags = CELLAR_ZONE_DEBUG};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    cellar_zone_alloc(zone, NULL, 0); /* keeps the slab */
    void *item = cellar_zone_alloc(zone, NULL, 0);
    void *other = cellar_zone_alloc(zone, NULL, 0);
    cellar_zone_free(zone, item, NULL);
    cellar_zone_free(zone, other, NULL);
    cellar_zone_free(zone, item, NULL);
    return 0;
}
