/*
 * Safe memory reclamation: readers that take no lock, and writers that learn when no reader can still hold what they
 * have taken out of a shared structure.
 *
 *     reader                                     writer (its own lock held, or a compare-and-swap)
 *     cellar_smr_enter(smr);                     take the node out: store-release to what points to it
 *     follow pointers: load-acquire              cellar_smr_retire(smr, node, node_free, NULL);
 *     cellar_smr_exit(smr);                      ... node_free(node) runs when every section that was open has ended
 *
 * A section is the time between an enter and its exit. What was reachable when it began, or later, stays whole until it
 * ends; no pointer to it may be used after that. Sections nest, also those of several smrs, and need no registration of
 * the thread. Readers of one smr hold up that smr only.
 *
 * A thread that ends inside a section: the section ends with it, after two more rounds of thread-specific destructors. A
 * fork inside a section: it is open in both processes; sections of other threads do not exist in the child, which goes on
 * with what they had retired. At most one item for each thread that was just reclaiming is lost to the child.
 *
 * Enter and exit may be called by a signal handler, which must leave as it came: a longjmp out of a section leaves it
 * open. The other functions may not, and a reclaim function must return.
 */
#ifndef CELLAR_SMR_H
#define CELLAR_SMR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellar/cellar.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cellar_smr;

#define CELLAR_SMR_ATTR_VERSION 1

struct cellar_smr_attr {
    unsigned version;   /* CELLAR_SMR_ATTR_VERSION */
    const char *name;   /* for messages; copied, cut behind 23 bytes; NULL: "smr" */
    size_t max_pending; /* items retired and not yet reclaimed, rounded up to whole batches; 0: 8192 */
};

/*
 * A new smr, without readers. attr may be NULL: all defaults. NULL: memory is out, 252 exist already, or the version is
 * not known. May allocate; does not block.
 */
CELLAR_API struct cellar_smr *cellar_smr_create(const struct cellar_smr_attr *attr);

/*
 * Drains the smr and frees it. No thread may enter it from the call on. 0, or the smr is as it was: -EBUSY when a section
 * is open or a zone uses it, -EDEADLK as cellar_smr_drain. NULL is ignored.
 */
CELLAR_API int cellar_smr_destroy(struct cellar_smr *smr);

/*
 * Opens a section of the calling thread. Never blocks, never fails: the first time in a thread it takes a record for the
 * thread, and without memory for one it counts the section in the smr itself. While such sections overlap without a gap,
 * nothing is reclaimed.
 */
CELLAR_API void cellar_smr_enter(struct cellar_smr *smr);

/* Ends the section opened last. Never blocks. Ends the process with a message when none is open. */
CELLAR_API void cellar_smr_exit(struct cellar_smr *smr);

/*
 * Begins a new time: returns its goal, which is passed when all sections that were open now have ended. Call it after
 * taking things out of the structure, inside a section or not. Sequences wrap, so goals are not to be compared. Never blocks.
 */
CELLAR_API uint64_t cellar_smr_advance(struct cellar_smr *smr);

/* Whether the goal is passed: no reader can still hold what was taken out before the goal's advance. Never blocks. */
CELLAR_API bool cellar_smr_poll(struct cellar_smr *smr, uint64_t goal);

/*
 * Blocks until the goal is passed. 0; -EDEADLK inside a section, of any smr: a reader must not wait; -EINVAL for a goal
 * that no advance returned.
 */
CELLAR_API int cellar_smr_wait(struct cellar_smr *smr, uint64_t goal);

/*
 * Has reclaim(item, ctx) called, once, when no reader can hold the item; the caller has taken it out of reach. The item is
 * not touched until then, so it may be anything. Calls are batched: reclaim runs in a later call of retire or drain, of
 * any thread outside sections, in the order of retirement within a batch, with no lock held. It may itself retire.
 *
 * Memory is bounded by max_pending. Once that many are pending, retire waits for readers; so it does when there is no
 * memory for a batch. 0; -EINVAL without a reclaim function; -EAGAIN when it would have to wait but was called inside a
 * section or by a reclaim function of this smr: the item is still the caller's, who tries again outside. May allocate.
 */
CELLAR_API int cellar_smr_retire(struct cellar_smr *smr, void *item, void (*reclaim)(void *item, void *ctx),
                                 void *ctx);

/*
 * Blocks until everything retired before the call is reclaimed. 0; -EDEADLK inside a section or in a reclaim function of
 * this smr.
 */
CELLAR_API int cellar_smr_drain(struct cellar_smr *smr);

struct cellar_smr_usage {
    size_t pending;     /* items retired and not reclaimed */
    size_t max_pending; /* their bound */
    size_t readers;     /* threads with a section open, and sections without a record */
    uint64_t reclaimed; /* items, ever */
    uint64_t advances;  /* new times begun */
    uint64_t scans;     /* looks at all readers */
    uint64_t waits;     /* calls that had to wait for readers */
    uint64_t abandoned; /* sections that ended with their thread */
};

/* Figures taken one after the other while other threads run on. Takes a lock for a short time. */
CELLAR_API void cellar_smr_get_usage(struct cellar_smr *smr, struct cellar_smr_usage *ret_usage);

#ifdef __cplusplus
}
#endif

#endif
