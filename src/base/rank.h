/*
 * The order in which locks are taken, as code. A thread takes locks in strictly rising rank; debug builds
 * check each acquisition, and fork takes all locks in this order. docs/locking.md explains the order.
 */
#ifndef CELLAR_BASE_RANK_H
#define CELLAR_BASE_RANK_H

enum cellar__rank {
    CELLAR_RANK_NONE = 0,
    CELLAR_RANK_SMR, /* the table of smrs, and one smr's retired items; never two but in fork, which goes by id */
    CELLAR_RANK_THREADS,    /* list of thread records */
    CELLAR_RANK_KEG,        /* one keg's slabs; never two kegs at once but in fork, which goes by zone id */
    CELLAR_RANK_HUGE,       /* the huge mappings and their cache */
    CELLAR_RANK_DIRTY,      /* runs that wait for reuse or purge */
    CELLAR_RANK_ARENAS,     /* the list of public arenas */
    CELLAR_RANK_ARENA,      /* one arena's segments */
    CELLAR_RANK_SUBMAP,     /* windows and their commit marks */
    CELLAR_RANK_META_PURGE, /* held by who gives free pages of descriptors to the kernel */
    CELLAR_RANK_META,       /* descriptors: the last, so that every level may take it */
    CELLAR_RANK_COUNT
};

#endif
