/* Defects on purpose, each of which the soak has to find: so that it is known to be able to fail. */
#ifndef CELLAR_TESTS_SOAK_PLANT_H
#define CELLAR_TESTS_SOAK_PLANT_H

#include <stdbool.h>

enum soak_plant {
    SOAK_PLANT_NONE,
    SOAK_PLANT_OVERLAP,   /* an address is handed out twice */
    SOAK_PLANT_STRAY,     /* a byte of some block changes */
    SOAK_PLANT_HANDOVER,  /* the same, only in blocks that change hands */
    SOAK_PLANT_CALLOC,    /* calloc leaves a byte */
    SOAK_PLANT_REALLOC,   /* realloc loses a byte */
    SOAK_PLANT_KEEP,      /* a realloc that fails touches the block */
    SOAK_PLANT_REFUSAL,   /* malloc fails without a reason */
    SOAK_PLANT_ERRNO,     /* malloc fails for a reason, with another errno */
    SOAK_PLANT_SUCCESS,   /* malloc succeeds and sets errno */
    SOAK_PLANT_ALIGNMENT, /* aligned_alloc does not */
    SOAK_PLANT_LEAK,      /* blocks are lost */
    SOAK_PLANT_HUGE_LEAK, /* a mapping is lost */
    SOAK_PLANT_KEG,       /* a keg miscounts */
    SOAK_PLANT_ARENA,     /* an arena miscounts */
    SOAK_PLANT_BUDGET,    /* what is held is miscounted */
    SOAK_PLANT_CHILD,     /* a byte changes in a forked child only */
    SOAK_PLANT_CRASH,     /* the process aborts */
    SOAK_PLANT_HANG,      /* a lock stays locked */
    SOAK_PLANT_COUNT
};

/* By its name, in lower case with hyphens; SOAK_PLANT_COUNT when there is none. */
enum soak_plant soak_plant_find(const char *name);

/* Whether the defect is planted here and now: it is one of every so many that could have it. */
bool soak_plant_hits(enum soak_plant plant);

#endif
