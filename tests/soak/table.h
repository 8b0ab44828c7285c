/*
 * table: every block of the soak, in slots that a thread takes before it looks at them.
 *
 *   [ worker 0 ][ worker 1 ] ... [ common ]
 *
 * A worker mostly takes slots of its own stretch, and there mostly the same few; now and then one of the common stretch,
 * where blocks change hands. A worker that ends leaves its stretch to the next of its number.
 *
 * In a forked child a slot that was taken at the moment of the fork cannot be trusted, the others are whole: their owner
 * wrote them before it put them back.
 */
#ifndef CELLAR_TESTS_SOAK_TABLE_H
#define CELLAR_TESTS_SOAK_TABLE_H

#include "soak/pattern.h"
#include "test.h"

struct soak_slot {
    uint32_t taken;          /* atomic */
    uint32_t owner;          /* the worker that wrote the block */
    struct soak_block block; /* base NULL: empty */
};

/* Maps the table: 0 or -errno. */
int soak_table_init(unsigned nworkers);

/* A slot for the worker, taken. Never waits: slots that others have are passed over. */
struct soak_slot *soak_table_take(struct test_random *random, unsigned worker);
void soak_table_put(struct soak_slot *slot);

/* A particular slot, for walks; NULL when another has it. */
struct soak_slot *soak_table_take_at(size_t index);
size_t soak_table_nslots(void);

/* The slots of one worker's stretch: [*ret_first, *ret_end). */
void soak_table_stretch(unsigned worker, size_t *ret_first, size_t *ret_end);

/* In a forked child: empties the slots that others had taken. */
void soak_table_forget_taken(void);

/* Bytes in blocks, so that all together stay below the bound. */
bool soak_table_charge(size_t size);
void soak_table_uncharge(size_t size);

#endif
