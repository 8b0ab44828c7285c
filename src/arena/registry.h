/*
 * registry: what a public arena (include/cellar/arena.h) is, and the list of all of them, so that fork can hold their
 * locks: between those of the dirty runs and that of the heap arena. The entry points are in malloc/arena.c.
 *
 * Lock: CELLAR_RANK_ARENAS, before that of any arena; held with signals blocked.
 */
#ifndef CELLAR_ARENA_REGISTRY_H
#define CELLAR_ARENA_REGISTRY_H

#include <cellar/arena.h>

#include "arena/arena.h"
#include "base/list.h"

#define CELLAR_ARENA_NAME_SIZE 32
#define CELLAR_ARENA_NCACHES 16 /* quantum caches at most: of one quantum, of two, and so on */

struct cellar_zone;

struct cellar_arena {
    struct cellar__arena arena;
    struct cellar_arena_attr attr; /* constant */
    char name[CELLAR_ARENA_NAME_SIZE];
    struct cellar__list all;                          /* under the registry's lock */
    struct cellar_zone *caches[CELLAR_ARENA_NCACHES]; /* constant; NULL beyond attr.cache_max */
};

/* Zeroed memory for one, or NULL; and back. */
struct cellar_arena *cellar__registry_create(void);
void cellar__registry_destroy(struct cellar_arena *arena);

/* Onto the list, and off it. */
void cellar__registry_enter(struct cellar_arena *arena);
void cellar__registry_leave(struct cellar_arena *arena);

/* For fork. */
void cellar__registry_lock_all(void);
void cellar__registry_unlock_all(void);

#endif
