/* levels: lib */
/* The inspector's record leads a reader from an address to the name of its zone, by arithmetic alone. */
#include "stat/root.h"

#include <stdlib.h>
#include <string.h>

#include "arena/arena.h"
#include "submap/page_map.h"
#include "submap/submap.h"
#include "test.h"
#include "zone/zone.h"

extern struct cellar_root cellar_root;

static const void *at(uint64_t address)
{
    return (const void *)(uintptr_t)address;
}

TEST(record_describes_this_build)
{
    CHECK_EQ(cellar_root.magic, CELLAR_ROOT_MAGIC);
    CHECK_EQ(cellar_root.version, CELLAR_ROOT_VERSION);
    CHECK_EQ(cellar_root.size, sizeof cellar_root);
    CHECK_EQ(cellar_root.size_of_zone, sizeof(struct cellar__zone));
    CHECK_EQ(cellar_root.size_of_keg, sizeof(struct cellar__keg));
    CHECK_EQ(cellar_root.size_of_arena, sizeof(struct cellar__arena));
    CHECK_EQ(cellar_root.size_of_submap, sizeof(struct cellar__submap));
}

TEST(an_address_leads_to_its_zone)
{
    char *block = malloc(100);
    const struct cellar__page_map *map = at(cellar_root.page_map);
    size_t granule = ((uintptr_t)block - map->base) >> cellar_root.lg_granule;
    CHECK(granule < map->ngranules);
    size_t id = map->tags[granule] / cellar_root.size_of_cache;
    CHECK(id > 0 && id < cellar_root.nzones);
    const struct cellar__zone *const *zones = at(cellar_root.zone_table);
    CHECK_STR(zones[id]->attr.name, "malloc.112");
    CHECK_EQ(zones[id]->id, id);
    const struct cellar__keg *keg = zones[id]->attr.source;
    CHECK_EQ(keg->attr.size, 112);
    CHECK_EQ(keg->attr.tag, map->tags[granule]);
    free(block);
}

TEST(an_address_leads_to_its_slab)
{
    char *block = malloc(3000);
    const struct cellar__page_map *map = at(cellar_root.page_map);
    char *const *meta_base = at(cellar_root.meta_base);
    uint32_t ref = map->refs[(map->last - (uintptr_t)block) >> cellar_root.lg_granule];
    CHECK(ref != 0);
    const struct cellar__run *run = (const void *)(*meta_base + ((size_t)ref << 3));
    CHECK_EQ(run->kind, CELLAR_RUN_SLAB);
    CHECK(block >= run->base && block < run->base + ((size_t)run->ngranules << cellar_root.lg_granule));
    CHECK_EQ((block - run->base) % 3072, 0);
    free(block);
}

TEST(submaps_hold_the_heap)
{
    char *block = malloc(100000);
    const struct cellar__submap *first = at(cellar_root.submaps);
    const struct cellar__arena *heap = at(cellar_root.heap_arena);
    CHECK((uintptr_t)block - (uintptr_t)first->base < first->committed);
    CHECK_STR(heap->attr.name, "heap");
    CHECK(heap->given - heap->returned >= 2 * 65536);
    free(block);
}

TEST_MAIN()
