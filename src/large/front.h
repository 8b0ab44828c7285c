/*
 * front: the few huge mappings that were allocated last, so that a program which allocates and frees one again and again
 * meets neither a lock nor the kernel.
 *
 *   slot   0           empty
 *          map         the block is with the program
 *          map | 1     it was freed and waits here
 *          map | 3     and who looks for old ones has seen it: its time runs since then
 *
 * Every step is one compare-and-exchange of one slot, so a signal handler's longjmp leaves nothing half done. To free is a
 * plain store while the program has one thread: what the library's own thread takes is what waits. A map here is in the tree
 * of live mappings in both states; whether it waits, the slot alone knows.
 *
 * Invariants:
 *   F1  a map is in at most one slot.
 *   F2  a map that waits here is with no program and in no list; its bytes all together are at most the bound that put
 *       is given, unless several threads put at one moment.
 *
 * A slot is looked at before it is claimed: the map may be gone by then, its descriptor used again. Descriptors stay
 * readable for ever (meta), and what was read counts only once it is read again after the claim.
 *
 * No clock is read when a block is freed: its time begins when it is first looked at. So what is kept here for a steady
 * program costs two atomic instructions a use, one with one thread, and it waits for decay_ms and the time to the next look.
 *
 * Locks: none. Complexity: one cache line is scanned.
 */
#ifndef CELLAR_LARGE_FRONT_H
#define CELLAR_LARGE_FRONT_H

#include "large/huge_int.h"

#define CELLAR_FRONT_NSLOTS 8 /* one cache line */

/*
 * The best of the waiting maps that serve (cellar__huge_fits), now with the caller; or NULL. It may be another one by the
 * time it is claimed, which does not serve: the caller looks.
 */
struct cellar__huge_map *cellar__front_take(size_t size, size_t align);

/*
 * Frees the block that begins here, if its map is here and all that wait stay within max_bytes. False: nothing was done.
 */
bool cellar__front_put(const void *block, size_t max_bytes);

/* Gives a live map a slot, in place of another live one if need be; none when all slots hold waiting ones. */
void cellar__front_adopt(struct cellar__huge_map *map);

/* Takes a live map out of its slot, if it has one. */
void cellar__front_remove(struct cellar__huge_map *map);

/*
 * A map that has waited for min_age_ns since it was first looked at, out of its slot and with the caller; or NULL. At
 * UINT64_MAX, a time to come, every map that waits is old.
 */
struct cellar__huge_map *cellar__front_take_old(uint64_t now_ns, uint64_t min_age_ns);

/* Whether none waits. */
bool cellar__front_is_empty(void);

/* Whether take_old would find one; a look as well. */
bool cellar__front_has_old(uint64_t now_ns, uint64_t min_age_ns);

/* Whether the map waits here. */
bool cellar__front_holds(const struct cellar__huge_map *map);

/* Number and bytes of the maps that wait. */
void cellar__front_get_usage(size_t *ret_n, size_t *ret_bytes);

#endif
