/* What arena.c shares with span.c and check.c. All functions are called under the arena's lock. */
#ifndef CELLAR_ARENA_ARENA_INT_H
#define CELLAR_ARENA_ARENA_INT_H

#include "arena/arena.h"

/*
 * The most tags one operation needs: an import takes a segment and a marker (2), of which the allocation that asked
 * for it at once splits off a head and a tail (2).
 */
#define CELLAR_ARENA_SPARES 4

/* Takes the lock with at least CELLAR_ARENA_SPARES tags in store and room in the hash. 0 or -ENOMEM, not locked. */
int cellar__arena_lock(struct cellar__arena *arena);

struct cellar__segment *cellar__arena_take_tag(struct cellar__arena *arena);
void cellar__arena_drop_tag(struct cellar__arena *arena, struct cellar__segment *seg);

/* Puts seg into the list of segments behind `where`. */
void cellar__arena_link_after(struct cellar__segment *where, struct cellar__segment *seg);
void cellar__arena_unlink(struct cellar__segment *seg);

void cellar__arena_insert_free(struct cellar__arena *arena, struct cellar__segment *seg);
void cellar__arena_remove_free(struct cellar__arena *arena, struct cellar__segment *seg);

/* Takes a whole span that is one free segment out of the arena. */
void cellar__arena_remove_span(struct cellar__arena *arena, struct cellar__segment *seg);

/* Whether this free segment is an imported span from end to end. */
bool cellar__arena_is_whole_import(const struct cellar__segment *seg);

/* Adds a span as one free segment, which is returned. Takes two tags. */
struct cellar__segment *cellar__arena_insert_span(struct cellar__arena *arena, uint64_t base, uint64_t size,
                                                  bool imported);

#endif
