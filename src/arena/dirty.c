#include "arena/dirty.h"

#include "arena/budget.h"
#include "arena/run.h"
#include "base/assert.h"
#include "base/bits.h"
#include "base/list.h"
#include "os/os.h"

#define DIRTY_FLOOR ((size_t)2 << 20)
#define DIRTY_DECAY_MS_DEFAULT 500

struct dirty_run {
    struct cellar__list by_size;
    struct cellar__list by_age;
    char *base;
    size_t ngranules;
    uint64_t since_ns;
};

struct cellar__lock cellar__dirty_lock = CELLAR_LOCK_INIT(CELLAR_RANK_DIRTY);

static struct cellar__list dirty_sizes[CELLAR_DIRTY_MAX_GRANULES + 1];
static struct cellar__list dirty_ages; /* oldest last */
static uint64_t dirty_nonempty;        /* bit n: dirty_sizes[n] has a run */
static size_t dirty_bytes;
static uint64_t dirty_oldest_ns; /* atomic; since when the oldest has waited, or earlier */
static uint64_t dirty_decay_ns = DIRTY_DECAY_MS_DEFAULT * UINT64_C(1000000);

/* What of the heap was not dirty, at most, in this interval of decay and in the one before. */
static uint64_t dirty_interval_ns; /* when this one began */
static size_t dirty_peak;
static size_t dirty_peak_before;
static size_t dirty_room; /* atomic; the larger of both: the heap may hold as much again */

void cellar__dirty_init(void)
{
    for (size_t i = 0; i < CELLAR_COUNTOF(dirty_sizes); i++) {
        cellar__list_init(&dirty_sizes[i]);
    }
    cellar__list_init(&dirty_ages);
}

void cellar__dirty_set_decay_ms(uint64_t decay_ms)
{
    dirty_decay_ns = decay_ms * UINT64_C(1000000);
}

/* The list a run is kept on: that of its size, or the last one for a long run that the kernel would not purge. */
static size_t dirty_slot(const struct dirty_run *run)
{
    return cellar__min(run->ngranules, CELLAR_DIRTY_MAX_GRANULES);
}

static void dirty_insert_locked(struct dirty_run *run)
{
    if (cellar__list_is_empty(&dirty_ages)) {
        __atomic_store_n(&dirty_oldest_ns, run->since_ns, __ATOMIC_RELAXED);
    }
    cellar__list_push(&dirty_sizes[dirty_slot(run)], &run->by_size);
    cellar__list_push(&dirty_ages, &run->by_age);
    dirty_nonempty |= UINT64_C(1) << dirty_slot(run);
    __atomic_add_fetch(&dirty_bytes, run->ngranules << CELLAR_LG_GRANULE,
                       __ATOMIC_RELAXED); /* read unlocked */
}

static void dirty_remove_locked(struct dirty_run *run)
{
    cellar__list_remove(&run->by_size);
    cellar__list_remove(&run->by_age);
    if (cellar__list_is_empty(&dirty_sizes[dirty_slot(run)])) {
        dirty_nonempty &= ~(UINT64_C(1) << dirty_slot(run));
    }
    __atomic_sub_fetch(&dirty_bytes, run->ngranules << CELLAR_LG_GRANULE, __ATOMIC_RELAXED);
}

/* Youngest run of the smallest size that serves, taken out, or NULL. */
static struct dirty_run *dirty_find(size_t ngranules)
{
    struct dirty_run *run = NULL;
    cellar__lock_acquire(&cellar__dirty_lock);
    uint64_t large_enough = dirty_nonempty >> ngranules << ngranules;
    if (large_enough != 0) {
        struct cellar__list *list = &dirty_sizes[cellar__low_bit(large_enough)];
        run = CELLAR_CONTAINER(list->next, struct dirty_run, by_size);
        dirty_remove_locked(run);
    }
    cellar__lock_release(&cellar__dirty_lock);
    return run;
}

/* Called when a run comes back, before it counts as dirty: only then what is in use falls, so no peak is missed. */
static void dirty_note_peak_locked(uint64_t now_ns)
{
    size_t held = cellar__budget_held();
    size_t used = held - cellar__min(held, dirty_bytes);
    if (now_ns - dirty_interval_ns >= dirty_decay_ns) {
        dirty_peak_before = now_ns - dirty_interval_ns < 2 * dirty_decay_ns ? dirty_peak : used;
        dirty_peak = used;
        dirty_interval_ns = now_ns;
    }
    dirty_peak = cellar__max(dirty_peak, used);
    __atomic_store_n(&dirty_room, cellar__max(dirty_peak, dirty_peak_before), __ATOMIC_RELAXED);
}

/* Whether the store holds more than it should (D4). Read unlocked as well. */
static bool dirty_is_over(void)
{
    size_t bytes = cellar__dirty_bytes();
    if (CELLAR_LIKELY(bytes <= DIRTY_FLOOR)) {
        return false;
    }
    size_t held = cellar__budget_held();
    return bytes > held / 8 && held > __atomic_load_n(&dirty_room, __ATOMIC_RELAXED);
}

static void dirty_insert(struct dirty_run *run)
{
    cellar__lock_acquire(&cellar__dirty_lock);
    dirty_insert_locked(run);
    cellar__lock_release(&cellar__dirty_lock);
}

/* Keeps the first ngranules of the run and stores the rest again. False: no tag for the cut. */
static bool dirty_cut(struct dirty_run *run, size_t ngranules)
{
    size_t first = ngranules << CELLAR_LG_GRANULE;
    if (cellar__arena_split(&cellar__heap_arena, (uintptr_t)run->base, run->ngranules << CELLAR_LG_GRANULE,
                            first) != 0) {
        return false;
    }
    run->base += first;
    run->ngranules -= ngranules;
    dirty_insert(run);
    return true;
}

char *cellar__dirty_take(size_t ngranules)
{
    if (ngranules > CELLAR_DIRTY_MAX_GRANULES) {
        return NULL;
    }
    struct dirty_run *run = dirty_find(ngranules);
    if (run == NULL) {
        return NULL;
    }
    char *base = run->base;
    if (run->ngranules == ngranules) {
        cellar__meta_free(run, sizeof *run);
    } else if (!dirty_cut(run, ngranules)) {
        dirty_insert(run);
        return NULL;
    }
    return base;
}

/* Gives the memory and then the addresses back. False when the kernel keeps the memory. */
static bool dirty_purge(char *base, size_t ngranules)
{
    size_t size = ngranules << CELLAR_LG_GRANULE;
    if (cellar__os_purge(base, size) != 0) {
        return false;
    }
    int status = cellar__arena_free(&cellar__heap_arena, (uintptr_t)base, size);
    CELLAR_REQUIRE(status == 0);
    cellar__budget_uncharge(size);
    return true;
}

/* The oldest run when it is overdue, taken out, or NULL. */
static struct dirty_run *dirty_take_overdue(uint64_t now_ns)
{
    struct dirty_run *run = NULL;
    cellar__lock_acquire(&cellar__dirty_lock);
    if (!cellar__list_is_empty(&dirty_ages)) {
        run = CELLAR_CONTAINER(dirty_ages.prev, struct dirty_run, by_age);
        if (!dirty_is_over() && now_ns - run->since_ns < dirty_decay_ns) {
            __atomic_store_n(&dirty_oldest_ns, run->since_ns, __ATOMIC_RELAXED);
            run = NULL;
        } else {
            dirty_remove_locked(run);
        }
    }
    cellar__lock_release(&cellar__dirty_lock);
    return run;
}

/* Purges overdue runs until there is none, or the kernel refuses: that run waits for another turn. */
static size_t dirty_purge_overdue(uint64_t now_ns)
{
    size_t purged = 0;
    for (struct dirty_run *run; (run = dirty_take_overdue(now_ns)) != NULL;) {
        if (!dirty_purge(run->base, run->ngranules)) {
            run->since_ns = cellar__os_now_ns(); /* now_ns may be a time to come */
            dirty_insert(run);
            break;
        }
        purged += run->ngranules << CELLAR_LG_GRANULE;
        cellar__meta_free(run, sizeof *run);
    }
    return purged;
}

void cellar__dirty_give(char *base, size_t ngranules)
{
    struct dirty_run *run = NULL;
    uint64_t now_ns = cellar__os_now_ns();
    if (ngranules <= CELLAR_DIRTY_MAX_GRANULES || !dirty_purge(base, ngranules)) {
        run = cellar__meta_alloc(sizeof *run);
        if (run == NULL) {
            dirty_purge(base, ngranules); /* refused as well: the addresses are lost, nothing else */
            return;
        }
        run->base = base;
        run->ngranules = ngranules;
        run->since_ns = now_ns;
        cellar__lock_acquire(&cellar__dirty_lock);
        dirty_note_peak_locked(now_ns);
        dirty_insert_locked(run);
        cellar__lock_release(&cellar__dirty_lock);
    }
    dirty_purge_overdue(now_ns);
}

void cellar__dirty_tick(void)
{
    if (cellar__dirty_bytes() == 0) {
        return;
    }
    uint64_t now_ns = cellar__os_now_ns();
    if (now_ns - __atomic_load_n(&dirty_oldest_ns, __ATOMIC_RELAXED) >= dirty_decay_ns || dirty_is_over()) {
        uint64_t mask = cellar__os_signals_block();
        dirty_purge_overdue(now_ns);
        cellar__os_signals_restore(mask);
    }
}

size_t cellar__dirty_purge_all(void)
{
    return dirty_purge_overdue(UINT64_MAX);
}

size_t cellar__dirty_bytes(void)
{
    return __atomic_load_n(&dirty_bytes, __ATOMIC_RELAXED);
}
