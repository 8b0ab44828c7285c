/* expect: cellar: invalid free of PTR in zone nodes: not the begin of an item */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48, .flags = CELLAR_ZONE_DEBUG};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    char *item = cellar_zone_alloc(zone, NULL, 0);
    cellar_zone_free(zone, item + 8, NULL);
    return 0;
}
