/* expect: cellar: invalid free of PTR in zone window: no item of this zone lies there */
/* status: abort */
#include <cellar/arena.h>
#include <cellar/zone.h>

int main(void)
{
    struct cellar_arena_attr source = {.version = CELLAR_ARENA_VERSION,
                                       .name = "pages",
                                       .import = cellar_arena_map_pages,
                                       .release = cellar_arena_unmap_pages};
    struct cellar_arena *arena;
    if (cellar_arena_create(&source, &arena) != 0) {
        return 1;
    }
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION,
                                    .name = "window",
                                    .size = 64,
                                    .flags = CELLAR_ZONE_UNCACHED,
                                    .arena = arena};
    struct cellar_zone *zone = cellar_zone_create(&attr);
    cellar_zone_free(zone, (char *)cellar_zone_alloc(zone, NULL, 0) + 16, NULL);
    return 0;
}
