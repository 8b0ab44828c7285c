#include "submap/page_map.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"

struct cellar__page_map cellar__page_map;

/* One reservation for both arrays. A page on each side stays without access, so that a stray index faults. */
int cellar__page_map_init(uintptr_t base, size_t size)
{
    CELLAR_ASSERT(base % CELLAR_GRANULE == 0 && size % CELLAR_GRANULE == 0);
    size_t page_size = cellar__os_machine()->page_size;
    size_t ngranules = size >> CELLAR_LG_GRANULE;
    size_t tags_size = cellar__round_up(ngranules * sizeof(uint16_t), page_size);
    size_t both_size = tags_size + cellar__round_up(ngranules * sizeof(uint32_t), page_size);
    char *raw = cellar__os_reserve(both_size + 2 * page_size, page_size, NULL);
    if (raw == NULL) {
        return -ENOMEM;
    }
    char *arrays = raw + page_size;
    if (cellar__os_commit(arrays, both_size) != 0) {
        cellar__os_unmap(raw, both_size + 2 * page_size);
        return -ENOMEM;
    }
    cellar__os_name(arrays, both_size, "cellar page map");
    cellar__page_map.tags = (uint16_t *)(void *)arrays;
    cellar__page_map.refs = (uint32_t *)(void *)(arrays + tags_size);
    cellar__page_map.base = base;
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
