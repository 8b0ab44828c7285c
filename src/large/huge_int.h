/* What the files of huge mappings share. */
#ifndef CELLAR_LARGE_HUGE_INT_H
#define CELLAR_LARGE_HUGE_INT_H

#include "base/attr.h"
#include "base/list.h"
#include "base/tree.h"
#include "large/huge.h"

struct cellar__huge_map {
    struct cellar__tree_node by_address; /* live, or at the front */
    struct cellar__list by_age;          /* cached */
    char *base;
    size_t size;
    uint64_t since_ns; /* cached: when it was freed */
    uint64_t nserved;  /* atomic; requests, written by who has just taken it */
    bool is_zero;
};

/* Whether the map serves a request and wastes at most a quarter. */
CELLAR_INLINE bool cellar__huge_fits(const struct cellar__huge_map *map, size_t size, size_t align)
{
    return map->size >= size && map->size - size <= size / 4 && ((uintptr_t)map->base & (align - 1)) == 0;
}

#endif
