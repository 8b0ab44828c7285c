#include "stat/root.h"

#include <cellar/cellar.h>

#include "arena/run.h"
#include "malloc/heap.h"
#include "malloc/root.h"
#include "meta/meta.h"
#include "submap/window.h"
#include "zone/thread.h"

CELLAR_API extern struct cellar_root cellar_root;

struct cellar_root cellar_root;

void cellar__root_publish(void)
{
    cellar_root = (struct cellar_root){
        .version = CELLAR_ROOT_VERSION,
        .size = sizeof cellar_root,
        .size_of_zone = sizeof(struct cellar__zone),
        .size_of_keg = sizeof(struct cellar__keg),
        .size_of_arena = sizeof(struct cellar__arena),
        .size_of_submap = sizeof(struct cellar__submap),
        .size_of_slab = sizeof(struct cellar__slab),
        .size_of_thread = sizeof(struct cellar__thread),
        .size_of_cache = sizeof(struct cellar__cache),
        .size_of_segment = sizeof(struct cellar__segment),
        .lg_granule = CELLAR_LG_GRANULE,
        .nzones = CELLAR_CLASS_END,
        .page_map = (uintptr_t)&cellar__page_map,
        .meta_base = (uintptr_t)&cellar__meta_base,
        .heap_arena = (uintptr_t)&cellar__heap_arena,
        .submaps = (uintptr_t)cellar__window_get(0),
        .threads = (uintptr_t)cellar__thread_list(),
        .zone_table = (uintptr_t)cellar__zone_table(),
        .magic = CELLAR_ROOT_MAGIC,
    };
}
