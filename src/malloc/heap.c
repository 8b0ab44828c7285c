#include "malloc/heap.h"

#include "arena/budget.h"
#include "arena/dirty.h"
#include "base/fmt.h"
#include "bucket/bucket.h"
#include "large/huge.h"
#include "malloc/foreign.h"
#include "malloc/fork.h"
#include "malloc/janitor.h"
#include "malloc/options.h"
#include "malloc/root.h"
#include "malloc/spare.h"
#include "malloc/stats.h"
#include "meta/meta.h"
#include "os/os.h"
#include "zone/reclaim.h"
#include "zone/thread.h"

/* Here, because a static link that takes anything of the heap from the archive takes this object. */
__attribute__((constructor)) static void heap_attach(void)
{
    cellar__foreign_attach();
    cellar__fork_register();
    cellar__root_publish();
}

/* Runs after the program's own exit handlers: a preloaded library is initialised before the program. */
__attribute__((destructor)) static void heap_detach(void)
{
    cellar__stats_at_exit();
}

enum heap_state { HEAP_IDLE, HEAP_STARTING, HEAP_WAITED };

bool cellar__heap_is_started;

/* A zone beside where its items come from, 512 bytes. */
struct heap_record {
    struct cellar__zone zone;
    union {
        struct cellar__keg keg;
        struct cellar__large_source runs;
    } source;
};

#define HEAP_NFIRST 2 /* as many as there is room for */

/*
 * One for each class, given out in the order of first use: those that are used share pages. The first, which is all that a
 * trivial program needs, lie on a page of small variables; the next four on one page.
 */
static struct heap_record heap_first[HEAP_NFIRST];
CELLAR_APART
__attribute__((aligned(2048))) struct heap_record cellar__heap_records[CELLAR_CLASS_END - 1 - HEAP_NFIRST];
static size_t heap_nrecords; /* given out; under cellar__threads_lock */
static uint32_t heap_state;  /* enum heap_state */

static uint16_t heap_tag(unsigned class_id)
{
    return (uint16_t)(class_id * sizeof(struct cellar__cache));
}

/* Of the run of a block of that size, which has a colour as well. */
static size_t heap_ngranules(size_t size)
{
    return (size + CELLAR_COLOUR_ROOM + CELLAR_GRANULE - 1) >> CELLAR_LG_GRANULE;
}

/* Under cellar__threads_lock: all of a zone is written before others find it in the table. */
static void heap_fill_zone(struct heap_record *record, unsigned id)
{
    size_t size = cellar__class_size(id);
    struct cellar__zone_attr attr = {.size = size, .source = &record->source, .is_swept = true};
    struct cellar__fmt name;
    cellar__fmt_init(&name, attr.name, sizeof attr.name);
    cellar__fmt_text(&name, "malloc.");
    if (id <= CELLAR_CLASS_NSLAB) {
        struct cellar__keg_attr keg = {.size = size, .tag = heap_tag(id)};
        cellar__keg_init(&record->source.keg, &keg);
        attr.backend = &cellar__zone_keg_backend;
        cellar__fmt_number(&name, size);
    } else {
        record->source.runs =
            (struct cellar__large_source){.ngranules = heap_ngranules(size), .tag = heap_tag(id)};
        attr.backend = &cellar__large_backend;
        cellar__fmt_number(&name, size >> 10);
        cellar__fmt_text(&name, "K");
    }
    cellar__zone_init(&record->zone, (uint16_t)id, &attr);
}

static CELLAR_NOINLINE struct cellar__zone *heap_open_zone(unsigned id)
{
    uint64_t mask = cellar__threads_acquire();
    struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
    if (zone == NULL) {
        struct heap_record *record = heap_nrecords < HEAP_NFIRST
                                         ? &heap_first[heap_nrecords]
                                         : &cellar__heap_records[heap_nrecords - HEAP_NFIRST];
        heap_fill_zone(record, id);
        heap_nrecords++;
        zone = &record->zone;
    }
    cellar__threads_release(mask);
    return zone;
}

struct cellar__zone *cellar__heap_zone(unsigned class_id)
{
    struct cellar__zone *zone = cellar__zone_own((uint16_t)class_id);
    return CELLAR_LIKELY(zone != NULL) ? zone : heap_open_zone(class_id);
}

struct cellar__keg *cellar__heap_keg(unsigned class_id)
{
    return class_id <= CELLAR_CLASS_NSLAB ? cellar__heap_zone(class_id)->attr.source : NULL;
}

struct cellar__large_source *cellar__heap_source(unsigned class_id)
{
    return class_id > CELLAR_CLASS_NSLAB ? cellar__heap_zone(class_id)->attr.source : NULL;
}

/* What was in its caches waits for the next thread, or in the depots. */
static void heap_thread_ended(void)
{
    cellar__janitor_call();
}

static bool heap_start_levels(void)
{
    const struct cellar__options *options = cellar__options_get();
    if (cellar__meta_init() != 0) {
        return false;
    }
    if (cellar__heap_init(cellar__fit_find(options->fit), (enum cellar__sizing)options->sizing) != 0) {
        return false;
    }
    cellar__dirty_set_decay_ms(options->decay_ms);
    cellar__huge_set_decay_ms(options->decay_ms);
    cellar__huge_set_thp(options->thp == CELLAR_THP_HUGE);
    cellar__budget_set_limit(options->limit);
    cellar__zone_set_uncached(options->mode == CELLAR_MODE_HARDEN);
    cellar__thread_init();
    cellar__thread_set_ended(heap_thread_ended);
    cellar__run_set_spare(cellar__spare);
    cellar__dirty_set_spill(cellar__spare_bytes);
    cellar__janitor_init(options->janitor == CELLAR_JANITOR_ON, options->decay_ms);
    return true;
}

/* With signals blocked: a start that a handler leaves by a longjmp would never end. */
static bool heap_start_once(void)
{
    uint32_t expected = HEAP_IDLE;
    uint32_t taken = HEAP_STARTING;
    while (!__atomic_compare_exchange_n(&heap_state, &expected, taken, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        if (cellar__heap_is_started) {
            if (taken == HEAP_WAITED) {
                cellar__os_wake_one(&heap_state);
            }
            return true;
        }
        taken = HEAP_WAITED; /* others may wait as well: whoever waited wakes the next */
        if (expected == HEAP_WAITED || __atomic_compare_exchange_n(&heap_state, &expected, HEAP_WAITED, false,
                                                                   __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            cellar__os_wait(&heap_state, HEAP_WAITED);
        }
        expected = HEAP_IDLE;
    }
    bool started = cellar__heap_is_started;
    if (!started) {
        cellar__options_read();
        started = heap_start_levels();
        __atomic_store_n(&cellar__heap_is_started, started, __ATOMIC_RELEASE);
    }
    if (__atomic_exchange_n(&heap_state, HEAP_IDLE, __ATOMIC_RELEASE) == HEAP_WAITED) {
        cellar__os_wake_one(&heap_state);
    }
    return started;
}

bool cellar__heap_start_slow(void)
{
    uint64_t mask = cellar__os_signals_block();
    bool started = heap_start_once();
    cellar__os_signals_restore(mask);
    return started;
}

size_t cellar__heap_trim(void)
{
    uint64_t mask = cellar__os_signals_block();
    struct cellar__thread *thread = cellar__thread_own();
    cellar__lock_forget_held();
    cellar__thread_trim_parked(true);
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
        if (zone == NULL) {
            continue;
        }
        if (!cellar__thread_is_empty(thread)) {
            cellar__zone_drain_cache(zone, &thread->caches[id]);
        }
        cellar__zone_drain_depot(zone);
    }
    cellar__reclaim_all(CELLAR_ZONE_DRAIN_ALL);
    size_t purged = cellar__dirty_purge_all() + cellar__huge_purge_all();
    cellar__bucket_trim();
    purged += cellar__meta_purge();
    cellar__os_signals_restore(mask);
    return purged;
}
