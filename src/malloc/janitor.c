#include "malloc/janitor.h"

#include "arena/dirty.h"
#include "base/bits.h"
#include "bucket/bucket.h"
#include "large/huge.h"
#include "malloc/heap.h"
#include "meta/meta.h"
#include "os/os.h"
#include "os/thread.h"
#include "zone/reclaim.h"
#include "zone/thread.h"

#define JANITOR_ROUNDS_A_DECAY 5
#define JANITOR_MIN_ROUND_NS UINT64_C(50000000)
#define JANITOR_MAX_ROUND_NS UINT64_C(10000000000)
#define JANITOR_MAX_SLABS ((size_t)4096)      /* in a round: some 0.4 ms when none is in the CPU's caches */
#define JANITOR_RETRY_NS UINT64_C(1000000000) /* after a refused start */

uint32_t cellar__janitor_state = CELLAR_JANITOR_CALLED; /* until the heap has started */

static struct cellar__os_thread janitor_thread;
static uint64_t janitor_round_ns;
static uint64_t janitor_retry_ns; /* atomic; no start before this time */
static int janitor_pid; /* of the process whose memory this is; not of a vfork's child, which shares it */

/* How far the look at all slabs has come; several rounds when there are many. The janitor's own. */
static struct {
    unsigned keg;  /* class id - 1 of the next */
    size_t nslabs; /* looked at */
    bool waits;    /* whether any was on its way */
} janitor_lap;

void cellar__janitor_init(bool wanted, uint64_t decay_ms)
{
    uint64_t round_ns = decay_ms * 1000000 / JANITOR_ROUNDS_A_DECAY;
    janitor_round_ns = cellar__clamp(round_ns, JANITOR_MIN_ROUND_NS, JANITOR_MAX_ROUND_NS);
    janitor_pid = cellar__os_pid();
    if (wanted) {
        __atomic_store_n(&cellar__janitor_state, CELLAR_JANITOR_AWAY, __ATOMIC_RELEASE);
    }
}

static bool janitor_change(uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&cellar__janitor_state, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* The buckets that nobody wanted for a round go to their slabs. Whether any are left. */
static bool janitor_trim_depots(void)
{
    bool left = false;
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
        if (zone != NULL) { /* the class was asked for */
            cellar__zone_trim_idle(zone);
            left |= cellar__depot_nitems(&zone->depot) != 0;
        }
    }
    return left;
}

/* Free memory inside slabs that rest. Whether any is on its way, as far as the last lap over all slabs could see. */
static bool janitor_purge_slabs(void)
{
    size_t left = JANITOR_MAX_SLABS;
    for (unsigned i = 0; i < CELLAR_CLASS_NSLAB && left > 0; i++) {
        unsigned id = 1 + (janitor_lap.keg + i) % CELLAR_CLASS_NSLAB;
        if (cellar__zone_own((uint16_t)id) == NULL) {
            continue;
        }
        janitor_lap.waits |= cellar__keg_purge(cellar__heap_keg(id), JANITOR_ROUNDS_A_DECAY, &left);
        janitor_lap.keg = left > 0 ? janitor_lap.keg : id - 1;
    }
    janitor_lap.nslabs += JANITOR_MAX_SLABS - left;
    if (left == 0 && janitor_lap.nslabs < cellar__budget_held() >> CELLAR_LG_GRANULE) {
        return true;
    }
    bool waits = janitor_lap.waits;
    janitor_lap.waits = false;
    janitor_lap.nslabs = 0;
    return waits;
}

/* Whether anything waits still. */
static bool janitor_work(void)
{
    bool left = cellar__reclaim_sleepers();
    left |= cellar__thread_trim_parked(false);
    left |= janitor_trim_depots();
    left |= janitor_purge_slabs();
    cellar__dirty_tick();
    cellar__huge_tick();
    return left || cellar__dirty_bytes() != 0 || cellar__huge_waits();
}

/* Descriptors of what has gone back, once nothing waits. */
static void janitor_work_last(void)
{
    cellar__bucket_trim();
    cellar__meta_purge();
}

static void janitor_sleep(void)
{
    uint32_t word = 0;
    cellar__os_wait_for(&word, 0, janitor_round_ns);
}

/* `dumpable` is from before the thread was made: a change of credentials that came meanwhile counts. */
static int janitor_run(void *dumpable)
{
    cellar__thread_forgo();
    cellar__os_thread_set_name("cellar-janitor");
    for (;;) {
        janitor_sleep();
        __atomic_fetch_and(&cellar__janitor_state, ~CELLAR_JANITOR_CALLED, __ATOMIC_ACQ_REL);
        if (cellar__os_thread_is_stale((int)(intptr_t)dumpable)) {
            break;
        }
        if (janitor_work()) {
            continue;
        }
        janitor_work_last();
        cellar__dirty_set_swept(false);
        if (janitor_change(CELLAR_JANITOR_HERE, CELLAR_JANITOR_AWAY)) {
            return 0;
        }
        cellar__dirty_set_swept(true);
    }
    cellar__dirty_set_swept(false);
    __atomic_store_n(&cellar__janitor_state, CELLAR_JANITOR_AWAY, __ATOMIC_RELEASE);
    return 0;
}

/* With signals blocked, by the one caller that changed AWAY. */
static void janitor_start(void)
{
    cellar__os_thread_join(&janitor_thread); /* the one before may be on its last instructions */
    if (cellar__os_thread_is_alone()) { /* else the first fence takes milliseconds, for which an exit would wait */
        cellar__reclaim_fence();
    }
    void *dumpable = (void *)(intptr_t)cellar__os_dumpable();
    cellar__dirty_set_swept(true); /* before: it may leave at once */
    if (cellar__os_thread_start(&janitor_thread, janitor_run, dumpable, cellar__thread_local()) == 0) {
        return;
    }
    cellar__dirty_set_swept(false);
    __atomic_store_n(&janitor_retry_ns, cellar__os_now_ns() + JANITOR_RETRY_NS, __ATOMIC_RELAXED);
    __atomic_store_n(&cellar__janitor_state, CELLAR_JANITOR_AWAY, __ATOMIC_RELEASE);
}

void cellar__janitor_call_slow(void)
{
    if (janitor_change(CELLAR_JANITOR_HERE, CELLAR_JANITOR_HERE | CELLAR_JANITOR_CALLED)) {
        return;
    }
    bool may_start = cellar__os_now_ns() >= __atomic_load_n(&janitor_retry_ns, __ATOMIC_RELAXED) &&
                     cellar__os_pid() == janitor_pid;
    uint64_t mask = cellar__os_signals_block();
    if (may_start && janitor_change(CELLAR_JANITOR_AWAY, CELLAR_JANITOR_HERE | CELLAR_JANITOR_CALLED)) {
        janitor_start();
    }
    cellar__os_signals_restore(mask);
}

void cellar__janitor_forget(void)
{
    cellar__os_thread_forget(&janitor_thread);
    janitor_pid = cellar__os_pid();
    for (unsigned id = 1; id <= CELLAR_CLASS_NSLAB; id++) {
        if (cellar__zone_own((uint16_t)id) != NULL) {
            cellar__keg_forget_purge(cellar__heap_keg(id));
        }
    }
    if ((__atomic_load_n(&cellar__janitor_state, __ATOMIC_RELAXED) & CELLAR_JANITOR_HERE) != 0) {
        cellar__dirty_set_swept(false);
        __atomic_store_n(&cellar__janitor_state, CELLAR_JANITOR_AWAY, __ATOMIC_RELEASE);
    }
}
