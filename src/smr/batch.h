/*
 * batch: items that wait for readers, out of line.
 *
 *   open: |items ...    |     closed: |goal 7|owner B|  |goal 9|     |  |goal 13|    |
 *          ^ retire adds               being reclaimed    the next
 *
 * Retired items gather in the open batch. A full one is closed: stamped with a goal and appended to the closed ones. When
 * the goal of the first closed batch that nobody owns is passed, a thread takes it over, calls the reclaim functions with
 * no lock held, and ends the batch.
 *
 * Invariants:
 *   R6  an item is in one batch from its retirement until its reclaim function has returned.
 *   R7  goals rise along the list; the goal of a batch is younger than the retirement of all its items.
 *   R8  nbatches counts the open and the closed batches, at least 1 and, but for what zones retire inside sections, at
 *       most max_batches. Without an open one there is a
 *       closed one, which will become it.
 *   R9  an owned batch has ndone items whose reclaim function was called; the last of these may still run.
 *
 * Locks: smr->lock. Appending leaves signals open, as two system calls for each item would be felt: the one store that
 * makes it count is the last, so what a handler's longjmp leaves behind is whole. All else is done with signals blocked.
 * Out of memory: the batches that there are become the bound; one there is always.
 */
#ifndef CELLAR_SMR_BATCH_H
#define CELLAR_SMR_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "smr/smr.h"

struct cellar__retired {
    void *item;
    void (*reclaim)(void *item, void *ctx);
    void *ctx;
};

struct cellar__batch {
    struct cellar__list all;
    uint64_t goal;
    uint64_t owner; /* cellar__lock_self of the thread that reclaims it; 0: nobody */
    uint32_t nitems;
    uint32_t ndone; /* the owner's */
    struct cellar__retired items[];
};

/* The most that one block of meta of 4 KiB holds: a retirement in 169 pays for a goal and a look at the readers. */
#define CELLAR_BATCH_MAX_ITEMS ((4096 - sizeof(struct cellar__batch)) / sizeof(struct cellar__retired))

/* What the closed batches are to a thread that would wait for them. */
struct cellar__batch_view {
    bool is_empty;      /* no closed batch */
    bool has_own;       /* the thread is in a reclaim function of this smr */
    bool has_idle;      /* a batch without an owner */
    uint64_t goal;      /* of the first batch */
    uint64_t idle_goal; /* of the first without an owner */
};

/* Bounds, lists and the first batch of a new smr. max_pending is not 0. 0 or -ENOMEM. */
int cellar__batch_init(struct cellar_smr *smr, size_t max_pending);

/* Adds to the open batch; false when it is full or missing. */
bool cellar__batch_append(struct cellar_smr *smr, const struct cellar__retired *retired);

/*
 * A new open batch in place of the full one, when told so beyond the bound. 0, -EAGAIN at the bound, -ENOMEM; the old one
 * is closed in any case.
 */
int cellar__batch_open(struct cellar_smr *smr, bool beyond);

/* Closes the open batch, if it has items. Returns a goal that is at or past those of all closed batches. */
uint64_t cellar__batch_close(struct cellar_smr *smr);

/* Reclaims up to max batches whose goals are passed; the number. The caller is outside all sections. */
size_t cellar__batch_reclaim(struct cellar_smr *smr, size_t max);

void cellar__batch_view(struct cellar_smr *smr, struct cellar__batch_view *ret_view);

/* Sleeps until another thread has finished a batch, or for a while. */
void cellar__batch_wait_other(struct cellar_smr *smr, uint32_t ndone);

/* Items that wait. */
size_t cellar__batch_pending(struct cellar_smr *smr);

/* Frees the last batch, of a drained smr. */
void cellar__batch_fini(struct cellar_smr *smr);

/* In the child after fork: batches of threads that do not exist here have no owner any more. */
void cellar__batch_forget_orphans(struct cellar_smr *smr);

#endif
