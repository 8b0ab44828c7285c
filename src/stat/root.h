/*
 * root: where a reader from outside (a live process, a core file, a snapshot) begins.
 *
 * The library exports one `cellar_root`. A reader finds it by its symbol, checks magic, version and the sizes of the
 * structures, and follows the addresses; no code runs in the target and no debug information is needed. Fields are
 * only ever added at the end, with a higher version; one that lost its meaning reads as 0.
 */
#ifndef CELLAR_STAT_ROOT_H
#define CELLAR_STAT_ROOT_H

#include <stdint.h>

#define CELLAR_ROOT_MAGIC UINT64_C(0x746f6f7272616c63) /* "clarroot" in memory on little-endian machines */
#define CELLAR_ROOT_VERSION 2

struct cellar_root {
    uint64_t magic;
    uint32_t version;
    uint32_t size; /* bytes of this record */

    /* sizes of the structures that the addresses lead to, as a guard against another build */
    uint32_t size_of_zone;
    uint32_t size_of_keg;
    uint32_t size_of_arena;
    uint32_t size_of_submap;
    uint32_t size_of_slab;
    uint32_t size_of_thread;
    uint32_t size_of_cache;
    uint32_t size_of_segment;
    uint32_t lg_granule;
    uint32_t nzones; /* entries at `zone_table`; entry 0 is not used */

    /* addresses in the target */
    uint64_t page_map;   /* struct cellar__page_map */
    uint64_t meta_base;  /* char *: what refs count from */
    uint64_t unused[3];  /* arrays of version 1 */
    uint64_t heap_arena; /* struct cellar__arena */
    uint64_t submaps;    /* struct cellar__submap[] */
    uint64_t threads;    /* struct cellar__list, through the `all` of thread records */

    /*
     * struct cellar__zone *[], by id; NULL: no such zone. The `source` of a zone whose backend is "slab" is its
     * struct cellar__keg.
     */
    uint64_t zone_table;
};

#endif
