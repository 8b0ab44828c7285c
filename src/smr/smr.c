#include "smr/smr.h"

#include <errno.h>

#include "base/bits.h"
#include "meta/meta.h"
#include "os/os.h"
#include "smr/batch.h"
#include "smr/reader.h"

#define SMR_MAX_PENDING 8192
#define SMR_NAME "smr"

/* Who fills a batch reclaims up to two: so a backlog shrinks, and no retire is long. */
#define SMR_RECLAIM_AT_ONCE 2

/*
 * A wait tries this often without a pause, for sections are short, and then sleeps twice as long each time: a reader wakes
 * nobody, since to look for sleepers would cost it a barrier.
 */
#define SMR_TRIES 32
#define SMR_SLEEP_MIN_NS UINT64_C(1000)
#define SMR_SLEEP_MAX_NS UINT64_C(10000000)

static struct cellar__lock smr_lock = CELLAR_LOCK_INIT(CELLAR_RANK_SMR); /* of the table */
CELLAR_APART struct cellar_smr *cellar__smr_table[CELLAR_SMR_MAX];
static unsigned smr_id_end; /* atomic, only rises */

struct cellar_smr *cellar__smr_get(unsigned id)
{
    return __atomic_load_n(&cellar__smr_table[id], __ATOMIC_ACQUIRE);
}

unsigned cellar__smr_id_end(void)
{
    return __atomic_load_n(&smr_id_end, __ATOMIC_ACQUIRE);
}

/* An id for the smr; false when all are in use. With signals blocked. */
static bool smr_enlist(struct cellar_smr *smr)
{
    cellar__lock_acquire(&smr_lock);
    cellar__reader_init();
    unsigned id = 0;
    while (id < CELLAR_SMR_MAX && cellar__smr_table[id] != NULL) {
        id++;
    }
    if (id < CELLAR_SMR_MAX) {
        smr->id = (uint16_t)id;
        __atomic_store_n(&cellar__smr_table[id], smr, __ATOMIC_RELEASE);
        __atomic_store_n(&smr_id_end, (unsigned)cellar__max(smr_id_end, id + 1), __ATOMIC_RELEASE);
    }
    cellar__lock_release(&smr_lock);
    return id < CELLAR_SMR_MAX;
}

static void smr_delist(struct cellar_smr *smr)
{
    cellar__lock_acquire(&smr_lock);
    __atomic_store_n(&cellar__smr_table[smr->id], NULL, __ATOMIC_RELEASE);
    cellar__lock_release(&smr_lock);
}

static int smr_init(struct cellar_smr *smr, const struct cellar_smr_attr *attr)
{
    const char *name = attr->name != NULL ? attr->name : SMR_NAME;
    for (size_t i = 0; i + 1 < sizeof smr->name && name[i] != '\0'; i++) {
        smr->name[i] = name[i];
    }
    smr->first_seq = smr->read_seq = smr->write_seq = 1;
    return cellar__batch_init(smr, attr->max_pending != 0 ? attr->max_pending : SMR_MAX_PENDING);
}

static void smr_free(struct cellar_smr *smr)
{
    cellar__batch_fini(smr);
    cellar__meta_free(smr, sizeof *smr);
}

/* With signals blocked. */
static struct cellar_smr *smr_create(const struct cellar_smr_attr *attr)
{
    struct cellar_smr *smr = cellar__meta_alloc(sizeof *smr);
    if (smr == NULL) {
        return NULL;
    }
    if (smr_init(smr, attr) != 0) {
        cellar__meta_free(smr, sizeof *smr);
        return NULL;
    }
    if (!smr_enlist(smr)) {
        smr_free(smr);
        return NULL;
    }
    return smr;
}

struct cellar_smr *cellar__smr_create(const struct cellar_smr_attr *attr)
{
    static const struct cellar_smr_attr none = {.version = CELLAR_SMR_ATTR_VERSION};
    attr = attr != NULL ? attr : &none;
    if (attr->version != CELLAR_SMR_ATTR_VERSION) {
        return NULL;
    }
    cellar__lock_forget_held();
    uint64_t mask = cellar__os_signals_block();
    struct cellar_smr *smr = smr_create(attr);
    cellar__os_signals_restore(mask);
    return smr;
}

static bool smr_is_used(const struct cellar_smr *smr)
{
    return __atomic_load_n(&smr->nusers, __ATOMIC_ACQUIRE) != 0 || cellar__reader_count(smr) != 0;
}

int cellar_smr_destroy(struct cellar_smr *smr)
{
    if (smr == NULL) {
        return 0;
    }
    if (smr_is_used(smr)) {
        return -EBUSY;
    }
    int status = cellar_smr_drain(smr);
    if (status != 0) {
        return status;
    }
    uint64_t mask = cellar__os_signals_block();
    smr_delist(smr);
    smr_free(smr);
    cellar__os_signals_restore(mask);
    return 0;
}

void cellar_smr_enter(struct cellar_smr *smr)
{
    struct cellar__reader *reader = cellar__reader_self;
    if (CELLAR_UNLIKELY(!cellar__reader_is_own(reader))) {
        cellar__reader_enter_slow(smr);
        return;
    }
    cellar__slot_enter(&reader->slots[smr->id], smr);
}

void cellar_smr_exit(struct cellar_smr *smr)
{
    struct cellar__reader *reader = cellar__reader_self;
    if (CELLAR_UNLIKELY(!cellar__reader_is_own(reader) || reader->slots[smr->id].depth == 0)) {
        cellar__reader_exit_slow(smr);
        return;
    }
    cellar__slot_exit(&reader->slots[smr->id]);
}

uint64_t cellar_smr_advance(struct cellar_smr *smr)
{
    return __atomic_add_fetch(&smr->write_seq, CELLAR_SMR_STEP, __ATOMIC_SEQ_CST);
}

/* Looks at all readers, and raises read_seq as far as they allow. */
static void smr_scan(struct cellar_smr *smr)
{
    uint64_t seq = __atomic_load_n(&smr->write_seq, __ATOMIC_ACQUIRE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __atomic_add_fetch(&smr->nscans, 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(&smr->nshared, __ATOMIC_ACQUIRE) != 0) {
        return;
    }
    seq = cellar__reader_oldest(smr, seq);
    uint64_t passed = __atomic_load_n(&smr->read_seq, __ATOMIC_RELAXED);
    while (!cellar__smr_reached(passed, seq) &&
           !__atomic_compare_exchange_n(&smr->read_seq, &passed, seq, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
    }
}

bool cellar_smr_poll(struct cellar_smr *smr, uint64_t goal)
{
    if (cellar__smr_passed(smr, goal)) {
        return true;
    }
    smr_scan(smr);
    return cellar__smr_passed(smr, goal);
}

void cellar__smr_wait(struct cellar_smr *smr, uint64_t goal)
{
    uint32_t never = 0;
    uint64_t sleep_ns = SMR_SLEEP_MIN_NS;
    for (unsigned ntries = 0; !cellar_smr_poll(smr, goal); ntries++) {
        if (ntries == SMR_TRIES) {
            __atomic_add_fetch(&smr->nwaits, 1, __ATOMIC_RELAXED);
        }
        if (ntries >= SMR_TRIES) {
            cellar__os_wait_for(&never, never, sleep_ns);
            sleep_ns = cellar__min(2 * sleep_ns, SMR_SLEEP_MAX_NS);
        }
    }
}

int cellar_smr_wait(struct cellar_smr *smr, uint64_t goal)
{
    if (cellar__reader_is_inside()) {
        return -EDEADLK;
    }
    if (!cellar__smr_reached(__atomic_load_n(&smr->write_seq, __ATOMIC_ACQUIRE), goal)) {
        return -EINVAL;
    }
    cellar__smr_wait(smr, goal);
    return 0;
}

/* Waits for readers, or for another thread's reclaim functions. */
static void smr_wait_for_room(struct cellar_smr *smr)
{
    struct cellar__batch_view view;
    uint32_t ndone = __atomic_load_n(&smr->ndone, __ATOMIC_ACQUIRE);
    cellar__batch_view(smr, &view);
    if (view.has_idle) {
        cellar__smr_wait(smr, view.idle_goal);
    } else if (!view.is_empty) {
        cellar__batch_wait_other(smr, ndone);
    }
}

/* The open batch is full or missing. */
static int smr_retire_slow(struct cellar_smr *smr, const struct cellar__retired *retired)
{
    struct cellar__batch_view view;
    cellar__batch_view(smr, &view);
    bool may_wait = !view.has_own && !cellar__reader_is_inside();
    do {
        int status = cellar__batch_open(smr, false);
        if (!may_wait && status != 0) {
            return -EAGAIN;
        }
        if (may_wait && cellar__batch_reclaim(smr, SMR_RECLAIM_AT_ONCE) == 0 && status != 0) {
            smr_wait_for_room(smr);
        }
    } while (!cellar__batch_append(smr, retired));
    return 0;
}

int cellar_smr_retire(struct cellar_smr *smr, void *item, void (*reclaim)(void *item, void *ctx), void *ctx)
{
    struct cellar__retired retired = {.item = item, .reclaim = reclaim, .ctx = ctx};
    if (reclaim == NULL) {
        return -EINVAL;
    }
    cellar__lock_forget_held();
    return cellar__batch_append(smr, &retired) ? 0 : smr_retire_slow(smr, &retired);
}

int cellar__smr_retire_now(struct cellar_smr *smr, void *item, void (*reclaim)(void *item, void *ctx),
                           void *ctx)
{
    struct cellar__retired retired = {.item = item, .reclaim = reclaim, .ctx = ctx};
    int status = cellar_smr_retire(smr, item, reclaim, ctx);
    while (status == -EAGAIN && (status = cellar__batch_open(smr, true)) == 0) {
        status = cellar__batch_append(smr, &retired) ? 0 : -EAGAIN;
    }
    return status;
}

int cellar_smr_drain(struct cellar_smr *smr)
{
    cellar__lock_forget_held();
    if (cellar__reader_is_inside()) {
        return -EDEADLK;
    }
    uint64_t goal = cellar__batch_close(smr);
    for (;;) {
        struct cellar__batch_view view;
        uint32_t ndone = __atomic_load_n(&smr->ndone, __ATOMIC_ACQUIRE);
        cellar__batch_view(smr, &view);
        if (view.has_own) {
            return -EDEADLK;
        }
        if (view.is_empty || !cellar__smr_reached(goal, view.goal)) {
            return 0;
        }
        if (!view.has_idle || !cellar__smr_reached(goal, view.idle_goal)) {
            cellar__batch_wait_other(smr, ndone);
            continue;
        }
        cellar__smr_wait(smr, view.idle_goal);
        cellar__batch_reclaim(smr, 1);
    }
}

void cellar_smr_get_usage(struct cellar_smr *smr, struct cellar_smr_usage *ret_usage)
{
    uint64_t write_seq = __atomic_load_n(&smr->write_seq, __ATOMIC_RELAXED);
    cellar__lock_forget_held();
    *ret_usage = (struct cellar_smr_usage){
        .pending = cellar__batch_pending(smr),
        .max_pending = (size_t)smr->batch_items * smr->max_batches,
        .readers = cellar__reader_count(smr),
        .reclaimed = __atomic_load_n(&smr->nreclaimed, __ATOMIC_RELAXED),
        .advances = (write_seq - smr->first_seq) / CELLAR_SMR_STEP,
        .scans = __atomic_load_n(&smr->nscans, __ATOMIC_RELAXED),
        .waits = __atomic_load_n(&smr->nwaits, __ATOMIC_RELAXED),
        .abandoned = __atomic_load_n(&smr->nabandoned, __ATOMIC_RELAXED),
    };
}

void cellar__smr_attach(struct cellar_smr *smr)
{
    __atomic_add_fetch(&smr->nusers, 1, __ATOMIC_RELAXED);
}

void cellar__smr_detach(struct cellar_smr *smr)
{
    __atomic_sub_fetch(&smr->nusers, 1, __ATOMIC_RELEASE);
}

void cellar__smr_lock_all(void)
{
    cellar__lock_acquire(&smr_lock);
    cellar__lock_allow_equal(true); /* one rank; here they go by id */
    for (unsigned id = 0; id < smr_id_end; id++) {
        if (cellar__smr_table[id] != NULL) {
            cellar__lock_acquire(&cellar__smr_table[id]->lock);
        }
    }
    cellar__lock_allow_equal(false);
}

void cellar__smr_unlock_all(void)
{
    for (unsigned id = smr_id_end; id > 0; id--) {
        if (cellar__smr_table[id - 1] != NULL) {
            cellar__lock_release(&cellar__smr_table[id - 1]->lock);
        }
    }
    cellar__lock_release(&smr_lock);
}

void cellar__smr_forget_orphans(void)
{
    cellar__reader_forget_orphans();
    for (unsigned id = 0; id < smr_id_end; id++) {
        if (cellar__smr_table[id] != NULL) {
            cellar__batch_forget_orphans(cellar__smr_table[id]);
        }
    }
}
