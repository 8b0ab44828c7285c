/*
 * smr: the sequence that tells when no reader can hold a thing any more.
 *
 *      read_seq                                   write_seq
 *         |  .......  goals not yet passed ....... |
 *         v                                        v
 *   ------1----3----5----7----9----11----13----15--17----->      steps of 2, always odd; 0 in a slot: no section
 *                   ^              ^
 *                   thread A       thread B                      slots: what write_seq was when the section began
 *
 * Whoever has taken things out of a structure advances write_seq; the new value is the goal that these things wait for. A
 * reader copies write_seq into its slot before it follows a pointer. A goal is passed when no slot holds an older
 * sequence; read_seq remembers the newest goal known to be passed, so most polls are one load.
 *
 * Invariants:
 *   R1  a section's slot holds a sequence that write_seq had when the section began, or an older one.
 *   R2  read_seq only rises, and is never past write_seq (both as circular numbers, half of 2^64 apart at most).
 *   R3  when read_seq has reached a goal, every section that began before the goal's advance, or did not yet see what
 *       was done before it, has ended.
 *
 * Why R3 holds. A scan loads write_seq, then passes a barrier, then looks at the slots; a reader stores to its slot, then
 * passes a barrier, then follows pointers. Of two barriers one is first. If the reader's is, the scan sees its slot. If the
 * scan's is, the reader sees everything that was done before the advances that the scan has counted. A slot seen with a
 * sequence at or past the goal was filled from a write_seq that already had the goal, so that reader too sees what was done
 * before it.
 * A reader that is delayed between loading write_seq and storing it publishes an old sequence: that holds up more than it
 * must, never less.
 *
 * Locks: none here; tables and batches have locks of CELLAR_RANK_SMR. Blocks: only wait, drain, and retire under pressure.
 * Out of memory: sections without a slot are counted in the smr (nshared), and no scan passes anything while there are any.
 * Complexity: enter, exit, advance O(1); poll O(1), a scan O(threads that ever read at once).
 * Source: the global unbounded sequences of FreeBSD's SMR (Roberson, 2019); Fraser, "Practical Lock-Freedom" (2004).
 *
 * For zones: attach keeps the smr from being destroyed; a bucket of freed items is stamped with cellar_smr_advance and used
 * again once cellar_smr_poll says so. Neither blocks, allocates or takes a lock.
 */
#ifndef CELLAR_SMR_SMR_H
#define CELLAR_SMR_SMR_H

#include <cellar/smr.h>

#include "base/attr.h"
#include "base/list.h"
#include "os/lock.h"

#define CELLAR_SMR_NAME_SIZE 24
#define CELLAR_SMR_STEP 2

struct cellar__batch;

struct cellar_smr {
    uint64_t write_seq; /* atomic */
    /* constant */
    uint16_t id; /* of its slot in every reader */
    char name[CELLAR_SMR_NAME_SIZE];
    uint32_t batch_items; /* entries of a batch */
    uint32_t max_batches;
    uint64_t first_seq; /* write_seq at first */

    /* atomic */
    CELLAR_LINE_ALIGNED uint64_t read_seq;
    uint64_t nshared; /* open sections without a slot */
    uint64_t nscans;
    uint64_t nwaits;
    uint64_t nabandoned;
    uint32_t nusers; /* zones */
    uint32_t ndone;  /* batches finished: who waits for another thread's sleeps on it */

    /* batches of retired items; under the lock */
    CELLAR_LINE_ALIGNED struct cellar__lock lock;
    struct cellar__batch *open;
    struct cellar__list closed; /* in the order of their goals */
    uint32_t nbatches;
    uint64_t nreclaimed; /* items; atomic */
};

/* Whether a sequence is at or past the goal, in a circle. */
CELLAR_INLINE bool cellar__smr_reached(uint64_t seq, uint64_t goal)
{
    return (int64_t)(seq - goal) >= 0;
}

/* Whether read_seq is known to have reached the goal; looks at no reader. */
CELLAR_INLINE bool cellar__smr_passed(const struct cellar_smr *smr, uint64_t goal)
{
    return cellar__smr_reached(__atomic_load_n(&smr->read_seq, __ATOMIC_ACQUIRE), goal);
}

/* cellar_smr_create, on levels that are started. */
struct cellar_smr *cellar__smr_create(const struct cellar_smr_attr *attr);

/* A zone begins and ends to use the smr, which cannot be destroyed in between. */
void cellar__smr_attach(struct cellar_smr *smr);
void cellar__smr_detach(struct cellar_smr *smr);

/* cellar_smr_wait without the questions: the caller is outside all sections and has the goal from an advance. */
void cellar__smr_wait(struct cellar_smr *smr, uint64_t goal);

/*
 * cellar_smr_retire for those who cannot keep the item: where it would be refused, inside a section, more are pending than
 * the bound says. 0, or -ENOMEM inside a section.
 */
int cellar__smr_retire_now(struct cellar_smr *smr, void *item, void (*reclaim)(void *item, void *ctx),
                           void *ctx);

/* The smr with that id, or NULL. Under no lock: for callers who keep it alive, and for fork. */
struct cellar_smr *cellar__smr_get(unsigned id);

/* Ids in use are below this. */
unsigned cellar__smr_id_end(void);

/* Around a fork: all locks of this level are taken before, and released after it by both processes. */
void cellar__smr_lock_all(void);
void cellar__smr_unlock_all(void);

/* In the child, locks released: forgets the other threads' sections and takes over what they were reclaiming. */
void cellar__smr_forget_orphans(void);

#endif
