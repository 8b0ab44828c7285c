/* expect: cellar: item PTR of zone nodes was written at offset 17 after it was freed */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48, .flags = CELLAR_ZONE_DEBUG};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    cellar_zone_alloc(zone, NULL, 0); /* keeps the slab */
    char *item = cellar_zone_alloc(zone, NULL, 0);
    cellar_zone_free(zone, item, NULL);
    item[17] = 1;
    cellar_zone_alloc(zone, NULL, 0);
    return 0;
}
