/*
 * quantum: quantum caches, the zones from which a public arena serves ranges of few quanta: a thread takes them from its own
 * bucket, without the arena's lock. To the arena what they hold is out.
 *
 * An item is a number, base / quantum + 1, which is never NULL. A cached range comes back to its arena in no order, so a
 * wrong or second free is noticed there, and ends the process with a message.
 * Source: vmem's quantum caches (Bonwick and Adams, "Magazines and Vmem", USENIX 2001, section 4.4.4).
 */
#ifndef CELLAR_MALLOC_QUANTUM_H
#define CELLAR_MALLOC_QUANTUM_H

#include "arena/registry.h"

/* ncaches zones, of 1 to ncaches quanta. 0 or -ENOMEM, with none made. */
int cellar__quantum_init(struct cellar_arena *arena, uint64_t ncaches);

/* Gives what all threads hold back to the arena. */
void cellar__quantum_fini(struct cellar_arena *arena);

CELLAR_INLINE bool cellar__quantum_serves(const struct cellar_arena *arena, uint64_t size)
{
    return size - 1 < arena->attr.cache_max; /* 0 wraps */
}

/* For a size that they serve: 0 or -ENOMEM. */
int cellar__quantum_alloc(struct cellar_arena *arena, uint64_t size, uint64_t *ret_base);
void cellar__quantum_free(struct cellar_arena *arena, uint64_t base, uint64_t size);

#endif
