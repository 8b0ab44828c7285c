/* expect: cellar: zone nodes: ZERO would undo what init has made */
/* status: abort */
#include <cellar/zone.h>
#include <stdlib.h>

static int make(void *item, size_t size, void *ctx)
{
    return 0;
}

int main(void)
{
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION, .name = "nodes", .size = 48, .init = make};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    cellar_zone_alloc(zone, NULL, CELLAR_ZONE_ZERO);
    return 0;
}
