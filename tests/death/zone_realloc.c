/* expect: cellar: realloc of PTR: an item of a zone cannot change its size */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

int main(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    realloc(cellar_zone_alloc(zone, NULL, 0), 100);
    return 0;
}
