/*
 * reader: what one thread shows to those who look for readers, a slot for each smr.
 *
 *   thread --cellar__reader_self--> | slot 0 | slot 1 | ... | slot 251 | next |
 *                                       ^ by id of the smr                 +--> the next reader, of any thread
 *
 * A thread gets a reader from meta at its first section, or one that an ended thread has left; a destructor of
 * thread-specific data gives it back. Readers stay listed for ever, so that a scan needs no lock; there are as many as
 * threads have read at one time.
 *
 * Invariants:
 *   R4  a slot is written by the thread whose reader it is in; of a reader that is not taken all slots are 0.
 *   R5  seq is 0 only when depth is 0, or between the two stores of an enter. Whoever finds it 0 fills it: a signal handler
 *       that comes between the two stores is as safe as the section it interrupts.
 *
 * Without memory for a reader, and past the reader's end, a thread's sections are counted in the smr itself.
 */
#ifndef CELLAR_SMR_READER_H
#define CELLAR_SMR_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "smr/smr.h"

/* As many slots as leave a reader, with its links, at 4 KiB: the largest block that meta does not round up. */
#define CELLAR_SMR_MAX 252

struct cellar__slot {
    uint64_t seq;   /* atomic, 0: no section */
    uint32_t depth; /* sections open, of the owner alone */
};

struct cellar__reader {
    struct cellar__slot slots[CELLAR_SMR_MAX];
    struct cellar__reader *next; /* constant once listed */
    uint32_t is_taken;           /* atomic */
    uint32_t nrounds;            /* of destructors that it still outlives when a section is open; owner */
};

/* NULL: none yet. CELLAR_READER_OVER: the thread had one, and is past its end. */
extern __thread struct cellar__reader *cellar__reader_self __attribute__((tls_model("initial-exec")));
#define CELLAR_READER_OVER ((struct cellar__reader *)1)

CELLAR_INLINE bool cellar__reader_is_own(const struct cellar__reader *reader)
{
    return (uintptr_t)reader > (uintptr_t)CELLAR_READER_OVER;
}

/* Makes the key of thread-specific data, once. Under the table's lock. */
void cellar__reader_init(void);

/* The slow paths: no reader yet, or none to be had; exit also when the slot has no section. */
void cellar__reader_enter_slow(struct cellar_smr *smr);
void cellar__reader_exit_slow(struct cellar_smr *smr);

/* Whether the calling thread is in a section of any smr. */
bool cellar__reader_is_inside(void);

/* The oldest sequence in the smr's slots, at most seq. Behind a barrier. */
uint64_t cellar__reader_oldest(const struct cellar_smr *smr, uint64_t seq);

/* Threads with a section open, and sections without a slot. */
size_t cellar__reader_count(const struct cellar_smr *smr);

/* In the child after fork: the other threads' readers are free, their sections over. */
void cellar__reader_forget_orphans(void);

/* R5: counts first, then publishes if nobody has. */
CELLAR_INLINE void cellar__slot_enter(struct cellar__slot *slot, const struct cellar_smr *smr)
{
    slot->depth++;
    CELLAR_SIGNAL_FENCE();
    if (CELLAR_LIKELY(__atomic_load_n(&slot->seq, __ATOMIC_RELAXED) == 0)) {
        /* release: a scan that sees this section sees the end of the one before */
        __atomic_store_n(&slot->seq, __atomic_load_n(&smr->write_seq, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
}

/* The depth first: a signal handler in between finds the sequence published and takes it off when it leaves. */
CELLAR_INLINE void cellar__slot_exit(struct cellar__slot *slot)
{
    uint32_t depth = slot->depth - 1;
    slot->depth = depth;
    CELLAR_SIGNAL_FENCE();
    if (CELLAR_LIKELY(depth == 0)) {
        __atomic_store_n(&slot->seq, 0, __ATOMIC_RELEASE);
    }
}

#endif
