/* What the files of huge mappings share. */
#ifndef CELLAR_LARGE_HUGE_INT_H
#define CELLAR_LARGE_HUGE_INT_H

#include "base/attr.h"
#include "base/list.h"
#include "base/tree.h"
#include "large/colour.h"
#include "large/huge.h"

struct cellar__huge_map {
    struct cellar__tree_node by_address; /* live, or at the front */
    struct cellar__list by_age;          /* cached */
    char *base;
    char *block;       /* atomic; at a colour behind the base; changed by who has it */
    size_t size;       /* of the mapping */
    uint64_t since_ns; /* cached: when it was freed */
    uint64_t nserved;  /* atomic; requests, written by who has just taken it */
    bool is_zero;
};

CELLAR_INLINE char *cellar__huge_block(const struct cellar__huge_map *map)
{
    return __atomic_load_n(&map->block, __ATOMIC_RELAXED);
}

/* Bytes of the block. */
CELLAR_INLINE size_t cellar__huge_usable(const struct cellar__huge_map *map)
{
    return map->size - (cellar__huge_block(map) == map->base ? 0 : CELLAR_COLOUR_ROOM);
}

/* Whether the map serves a request, whose size has the room for a colour if it is to have one, and wastes at most a quarter. */
CELLAR_INLINE bool cellar__huge_fits(const struct cellar__huge_map *map, size_t size, size_t align)
{
    return map->size >= size && map->size - size <= size / 4 && ((uintptr_t)map->base & (align - 1)) == 0;
}

#endif
