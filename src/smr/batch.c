#include "smr/batch.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bits.h"
#include "meta/meta.h"
#include "os/os.h"

/* Batches that an smr has at its bound: so many goals can be waited for at once. */
#define BATCH_SPREAD 8

/* Who waits for another thread's reclaim functions looks again after this long, should a wake-up be lost. */
#define BATCH_WAIT_NS UINT64_C(1000000)

/* Signals are blocked by whoever calls this, except for appending: there is nothing to mend (R6 is one store). */
static void batch_lock(struct cellar_smr *smr)
{
    cellar__lock_acquire(&smr->lock);
    smr->lock.is_abandoned = false;
}

static size_t batch_size(const struct cellar_smr *smr)
{
    return sizeof(struct cellar__batch) + smr->batch_items * sizeof(struct cellar__retired);
}

static struct cellar__batch *batch_of(struct cellar__list *node)
{
    return CELLAR_CONTAINER(node, struct cellar__batch, all);
}

int cellar__batch_init(struct cellar_smr *smr, size_t max_pending)
{
    size_t items = cellar__clamp(max_pending / BATCH_SPREAD, 1, CELLAR_BATCH_MAX_ITEMS);
    smr->batch_items = (uint32_t)items;
    smr->max_batches = (uint32_t)cellar__min(cellar__div_ceil(max_pending, items), UINT32_MAX);
    cellar__list_init(&smr->closed);
    cellar__lock_init(&smr->lock, CELLAR_RANK_SMR);
    smr->open = cellar__meta_alloc(batch_size(smr));
    smr->nbatches = 1;
    return smr->open != NULL ? 0 : -ENOMEM;
}

bool cellar__batch_append(struct cellar_smr *smr, const struct cellar__retired *retired)
{
    batch_lock(smr);
    struct cellar__batch *open = smr->open;
    bool has_room = open != NULL && open->nitems < smr->batch_items;
    if (has_room) {
        open->items[open->nitems] = *retired;
        CELLAR_SIGNAL_FENCE();
        open->nitems++;
    }
    cellar__lock_release(&smr->lock);
    return has_room;
}

static void batch_close_locked(struct cellar_smr *smr)
{
    struct cellar__batch *open = smr->open;
    if (open != NULL && open->nitems != 0) {
        open->goal = cellar_smr_advance(smr);
        smr->open = NULL;
        cellar__list_append(&smr->closed, &open->all);
    }
}

static bool batch_open_locked(struct cellar_smr *smr, struct cellar__batch *batch)
{
    if (smr->open != NULL && smr->open->nitems < smr->batch_items) {
        return false; /* another thread was first */
    }
    batch_close_locked(smr);
    smr->open = batch;
    smr->nbatches++;
    return true;
}

static bool batch_may_open(struct cellar_smr *smr)
{
    batch_lock(smr);
    bool may_open = smr->nbatches < smr->max_batches;
    cellar__lock_release(&smr->lock);
    return may_open;
}

static int batch_try_open(struct cellar_smr *smr, bool beyond)
{
    if (!beyond && !batch_may_open(smr)) {
        return -EAGAIN;
    }
    struct cellar__batch *batch = cellar__meta_alloc(batch_size(smr));
    if (batch == NULL) {
        return -ENOMEM;
    }
    batch_lock(smr);
    bool has_room = beyond || smr->nbatches < smr->max_batches;
    bool opened = has_room && batch_open_locked(smr, batch);
    cellar__lock_release(&smr->lock);
    if (!opened) {
        cellar__meta_free(batch, batch_size(smr));
    }
    return has_room ? 0 : -EAGAIN;
}

int cellar__batch_open(struct cellar_smr *smr, bool beyond)
{
    uint64_t mask = cellar__os_signals_block();
    int status = batch_try_open(smr, beyond);
    if (status != 0) {
        batch_lock(smr);
        batch_close_locked(smr);
        cellar__lock_release(&smr->lock);
    }
    cellar__os_signals_restore(mask);
    return status;
}

uint64_t cellar__batch_close(struct cellar_smr *smr)
{
    uint64_t mask = cellar__os_signals_block();
    batch_lock(smr);
    batch_close_locked(smr);
    uint64_t goal = __atomic_load_n(&smr->write_seq, __ATOMIC_RELAXED);
    cellar__lock_release(&smr->lock);
    cellar__os_signals_restore(mask);
    return goal;
}

static struct cellar__batch *batch_first_idle(struct cellar_smr *smr)
{
    CELLAR_LIST_EACH(node, &smr->closed)
    {
        if (batch_of(node)->owner == 0) {
            return batch_of(node);
        }
    }
    return NULL;
}

void cellar__batch_view(struct cellar_smr *smr, struct cellar__batch_view *ret_view)
{
    uint64_t mask = cellar__os_signals_block();
    batch_lock(smr);
    struct cellar__batch *idle = batch_first_idle(smr);
    struct cellar__batch_view view = {.is_empty = cellar__list_is_empty(&smr->closed),
                                      .has_idle = idle != NULL,
                                      .idle_goal = idle != NULL ? idle->goal : 0};
    view.goal = view.is_empty ? 0 : batch_of(smr->closed.next)->goal;
    CELLAR_LIST_EACH(node, &smr->closed)
    {
        view.has_own |= batch_of(node)->owner == cellar__lock_self();
    }
    cellar__lock_release(&smr->lock);
    cellar__os_signals_restore(mask);
    *ret_view = view;
}

/* The first batch without an owner, now this thread's, if its goal is passed. */
static struct cellar__batch *batch_own(struct cellar_smr *smr)
{
    batch_lock(smr);
    struct cellar__batch *batch = batch_first_idle(smr);
    if (batch != NULL && cellar__smr_passed(smr, batch->goal)) {
        batch->owner = cellar__lock_self();
    } else {
        batch = NULL;
    }
    cellar__lock_release(&smr->lock);
    return batch;
}

/* With no lock held and signals as the program has them. */
static void batch_run(struct cellar__batch *batch)
{
    while (batch->ndone < batch->nitems) {
        struct cellar__retired *retired = &batch->items[batch->ndone];
        __atomic_store_n(&batch->ndone, batch->ndone + 1, __ATOMIC_RELAXED); /* R9, for a fork's child */
        retired->reclaim(retired->item, retired->ctx);
    }
}

/* The batch becomes the open one if there is none: so there is always one (R8). */
static bool batch_reuse_locked(struct cellar_smr *smr, struct cellar__batch *batch)
{
    if (smr->open != NULL) {
        smr->nbatches--;
        return false;
    }
    batch->nitems = batch->ndone = 0;
    batch->owner = 0;
    smr->open = batch;
    return true;
}

static void batch_end(struct cellar_smr *smr, struct cellar__batch *batch)
{
    batch_lock(smr);
    cellar__list_remove(&batch->all);
    __atomic_add_fetch(&smr->nreclaimed, batch->nitems, __ATOMIC_RELAXED);
    bool is_reused = batch_reuse_locked(smr, batch);
    cellar__lock_release(&smr->lock);
    if (!is_reused) {
        cellar__meta_free(batch, batch_size(smr));
    }
    __atomic_add_fetch(&smr->ndone, 1, __ATOMIC_RELEASE);
    cellar__os_wake_one(&smr->ndone);
}

static bool batch_reclaim_one(struct cellar_smr *smr)
{
    struct cellar__batch_view view;
    cellar__batch_view(smr, &view);
    if (!view.has_idle || !cellar_smr_poll(smr, view.idle_goal)) {
        return false;
    }
    uint64_t mask = cellar__os_signals_block();
    struct cellar__batch *batch = batch_own(smr);
    if (batch != NULL) {
        cellar__os_signals_restore(mask);
        batch_run(batch);
        mask = cellar__os_signals_block();
        batch_end(smr, batch);
    }
    cellar__os_signals_restore(mask);
    return batch != NULL;
}

size_t cellar__batch_reclaim(struct cellar_smr *smr, size_t max)
{
    size_t count = 0;
    while (count < max && batch_reclaim_one(smr)) {
        count++;
    }
    return count;
}

void cellar__batch_wait_other(struct cellar_smr *smr, uint32_t ndone)
{
    cellar__os_wait_for(&smr->ndone, ndone, BATCH_WAIT_NS);
}

size_t cellar__batch_pending(struct cellar_smr *smr)
{
    uint64_t mask = cellar__os_signals_block();
    batch_lock(smr);
    size_t pending = smr->open != NULL ? smr->open->nitems : 0;
    CELLAR_LIST_EACH(node, &smr->closed)
    {
        pending += batch_of(node)->nitems;
    }
    cellar__lock_release(&smr->lock);
    cellar__os_signals_restore(mask);
    return pending;
}

void cellar__batch_fini(struct cellar_smr *smr)
{
    CELLAR_ASSERT(cellar__list_is_empty(&smr->closed) && smr->open->nitems == 0 && smr->nbatches == 1);
    cellar__meta_free(smr->open, batch_size(smr));
    smr->open = NULL;
}

void cellar__batch_forget_orphans(struct cellar_smr *smr)
{
    CELLAR_LIST_EACH(node, &smr->closed)
    {
        if (batch_of(node)->owner != cellar__lock_self()) {
            batch_of(node)->owner = 0;
        }
    }
}
