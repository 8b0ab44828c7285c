#include "submap/page_map.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"

struct cellar__page_map cellar__page_map;

/* One mapping for both arrays, between pages where a stray index faults. False when memory or addresses are out. */
static bool page_map_reserve(size_t ntags, size_t nrefs, uint16_t **ret_tags, uint32_t **ret_refs)
{
    size_t page_size = cellar__os_machine()->page_size;
    size_t tags_size = cellar__round_up(ntags * sizeof(uint16_t), page_size);
    size_t size = tags_size + cellar__round_up(nrefs * sizeof(uint32_t), page_size);
    char *arrays = cellar__os_map_guarded(size);
    if (arrays == NULL) {
        return false;
    }
    cellar__os_name(arrays, size, "cellar page map");
    *ret_tags = (uint16_t *)(void *)arrays;
    *ret_refs = (uint32_t *)(void *)(arrays + tags_size);
    return true;
}

int cellar__page_map_init(uintptr_t base, size_t size)
{
    CELLAR_ASSERT(base % CELLAR_GRANULE == 0 && size % CELLAR_GRANULE == 0);
    size_t ngranules = size >> CELLAR_LG_GRANULE;
    size_t end = (base + size) >> CELLAR_LG_GRANULE;
    uint16_t *tags;
    uint32_t *refs;
    bool is_near = base + size <= CELLAR_PAGE_MAP_NEAR && page_map_reserve(end, ngranules, &tags, &refs);
    if (!is_near && !page_map_reserve(ngranules, ngranules, &tags, &refs)) {
        return -ENOMEM;
    }
    cellar__page_map.near_tags = is_near ? tags : NULL;
    cellar__page_map.tags = is_near ? tags + (end - ngranules) : tags;
    cellar__page_map.refs = refs;
    cellar__page_map.base = base;
    __atomic_store_n(&cellar__page_map.near_end, is_near ? end : 0, __ATOMIC_RELEASE);
    __atomic_store_n(&cellar__page_map.ngranules, ngranules, __ATOMIC_RELEASE);
    return 0;
}

void cellar__page_map_set(const void *addr, size_t ngranules, uint32_t ref, uint16_t tag)
{
    size_t first = ((uintptr_t)addr - cellar__page_map.base) >> CELLAR_LG_GRANULE;
    CELLAR_ASSERT(first + ngranules <= cellar__page_map.ngranules);
    for (size_t i = first; i < first + ngranules; i++) {
        __atomic_store_n(&cellar__page_map.tags[i], tag, __ATOMIC_RELAXED);
        __atomic_store_n(&cellar__page_map.refs[i], ref, __ATOMIC_RELEASE);
    }
}
