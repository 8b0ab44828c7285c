#include "arena/dirty.h"

#include <errno.h>

#include "arena/budget.h"
#include "arena/run.h"
#include "base/assert.h"
#include "base/bits.h"
#include "base/list.h"
#include "base/tree.h"
#include "os/os.h"

#define DIRTY_FLOOR ((size_t)2 << 20)
#define DIRTY_DECAY_MS_DEFAULT 500
#define DIRTY_PURGE_MIN ((size_t)256 << 10) /* of a longer run: what a system call is worth */

struct dirty_run {
    struct cellar__list by_age;
    struct cellar__tree_node by_address;
    char *base;
    size_t ngranules;
    size_t longest; /* granules; of this one and all below it in the tree */
    uint64_t since_ns;
};

struct cellar__lock cellar__dirty_lock = CELLAR_LOCK_INIT(CELLAR_RANK_DIRTY);
size_t cellar__dirty_waiting;

static struct dirty_run *dirty_of(struct cellar__tree_node *node)
{
    return CELLAR_CONTAINER(node, struct dirty_run, by_address);
}

static uint64_t dirty_key(const struct cellar__tree_node *node)
{
    return (uintptr_t)CELLAR_CONTAINER(node, const struct dirty_run, by_address)->base;
}

static size_t dirty_longest_of(struct cellar__tree_node *node)
{
    return node == NULL ? 0 : dirty_of(node)->longest;
}

static void dirty_sum(struct cellar__tree_node *node)
{
    struct dirty_run *run = dirty_of(node);
    size_t below = cellar__max(dirty_longest_of(node->left), dirty_longest_of(node->right));
    run->longest = cellar__max(run->ngranules, below);
}

static void (*dirty_spill)(size_t bytes); /* or NULL */
static bool dirty_is_swept;               /* atomic */

static struct cellar__list dirty_ages; /* oldest last */
static struct cellar__tree dirty_addresses = {.key = dirty_key, .sum = dirty_sum};
static size_t dirty_longest; /* granules of the longest run; atomic, read unlocked */
static size_t dirty_bytes;
static uint64_t dirty_oldest_ns; /* atomic; since when the oldest has waited, or earlier */
static uint64_t dirty_decay_ns = DIRTY_DECAY_MS_DEFAULT * UINT64_C(1000000);

/* What of the heap was in use, which is not dirty, at most: in this interval of decay and in the one before. */
static uint64_t dirty_interval_ns; /* when this one began */
static size_t dirty_peak;
static size_t dirty_peak_before;
static size_t dirty_peak_lately; /* atomic; the larger of both */

/* What it held at most, with what is dirty; atomic. */
static size_t dirty_most;
static size_t dirty_most_before;
static size_t dirty_displaced; /* atomic; bytes that gave way in this interval */

void cellar__dirty_init(void)
{
    cellar__list_init(&dirty_ages);
}

void cellar__dirty_set_spill(void (*spill)(size_t bytes))
{
    dirty_spill = spill;
}

void cellar__dirty_set_swept(bool is_swept)
{
    __atomic_store_n(&dirty_is_swept, is_swept, __ATOMIC_RELAXED);
}

void cellar__dirty_set_decay_ms(uint64_t decay_ms)
{
    dirty_decay_ns = decay_ms * UINT64_C(1000000);
}

static size_t dirty_size(const struct dirty_run *run)
{
    return run->ngranules << CELLAR_LG_GRANULE;
}

/* `size` bytes more, or fewer, are in the tree, which is as it is to be. */
static void dirty_count_locked(size_t size)
{
    __atomic_add_fetch(&dirty_bytes, size, __ATOMIC_RELAXED); /* read unlocked */
    __atomic_store_n(&dirty_longest, dirty_longest_of(dirty_addresses.root), __ATOMIC_RELAXED);
}

static void dirty_remove_locked(struct dirty_run *run)
{
    cellar__tree_remove(&dirty_addresses, &run->by_address);
    cellar__list_remove(&run->by_age);
    dirty_count_locked(-dirty_size(run));
}

/* The dirty run that begins at the address, or NULL. */
static struct dirty_run *dirty_find_begin_locked(const char *base)
{
    struct cellar__tree_node *node = cellar__tree_find_at_least(&dirty_addresses, (uintptr_t)base);
    return node != NULL && dirty_of(node)->base == base ? dirty_of(node) : NULL;
}

static struct dirty_run *dirty_find_end_locked(const char *end)
{
    struct cellar__tree_node *node = cellar__tree_find_at_most(&dirty_addresses, (uintptr_t)end);
    return node != NULL && dirty_of(node)->base + dirty_size(dirty_of(node)) == end ? dirty_of(node) : NULL;
}

/* Makes one range of what ends at `middle` and what begins there, both out. False: spans part them. */
static bool dirty_merge_locked(char *base, char *middle, size_t size)
{
    return cellar__arena_merge(&cellar__heap_arena, (uintptr_t)base, (size_t)(middle - base), size) == 0;
}

/*
 * What lies beside a dirty run becomes a part of it, which begins to wait anew. False: it lies alone. When it lies between
 * two, *ret_gone is the descriptor of the second; else NULL.
 */
static bool dirty_extend_locked(char *base, size_t ngranules, uint64_t now_ns, struct dirty_run **ret_gone)
{
    size_t size = ngranules << CELLAR_LG_GRANULE;
    char *end = base + size;
    struct dirty_run *run = dirty_find_end_locked(base);
    struct dirty_run *next = dirty_find_begin_locked(end);
    *ret_gone = NULL;
    if (run != NULL && dirty_merge_locked(run->base, base, size)) {
        base = run->base;
    } else {
        run = NULL;
    }
    if (next != NULL && dirty_merge_locked(base, end, dirty_size(next))) {
        end += dirty_size(next);
        if (run != NULL) {
            cellar__tree_remove(&dirty_addresses, &next->by_address);
            cellar__list_remove(&next->by_age);
            *ret_gone = next;
        } else {
            run = next;
        }
    }
    if (run == NULL) {
        return false;
    }
    run->base = base; /* it may be lower than before: no other lies between */
    run->ngranules = (size_t)(end - base) >> CELLAR_LG_GRANULE;
    run->since_ns = now_ns;
    cellar__tree_change(&dirty_addresses, &run->by_address);
    cellar__list_remove(&run->by_age);
    cellar__list_push(&dirty_ages, &run->by_age);
    dirty_count_locked(size);
    return true;
}

static void dirty_insert_locked(struct dirty_run *run)
{
    if (cellar__list_is_empty(&dirty_ages)) {
        __atomic_store_n(&dirty_oldest_ns, run->since_ns, __ATOMIC_RELAXED);
    }
    cellar__tree_insert(&dirty_addresses, &run->by_address);
    cellar__list_push(&dirty_ages, &run->by_age);
    dirty_count_locked(dirty_size(run));
}

/* Bytes that nobody uses. */
static size_t dirty_idle(void)
{
    ptrdiff_t waiting = (ptrdiff_t)__atomic_load_n(&cellar__dirty_waiting, __ATOMIC_RELAXED);
    return cellar__dirty_bytes() + (waiting > 0 ? (size_t)waiting : 0);
}

static size_t dirty_used(size_t held, size_t bytes)
{
    return held - cellar__min(held, bytes);
}

/*
 * Called when a run comes back, before it counts as dirty. What is in use falls as well when more waits with the levels above,
 * and that is not noted: beside what depots hold within their bounds, a peak is missed by a fifth at most, as then no more may
 * wait (dirty_excess) and runs come back.
 */
static void dirty_note_peak_locked(uint64_t now_ns)
{
    size_t held = cellar__budget_held();
    size_t used = dirty_used(held, dirty_idle());
    uint64_t lasted_ns = cellar__os_elapsed_ns(dirty_interval_ns, now_ns);
    if (lasted_ns >= dirty_decay_ns) {
        bool follows = lasted_ns < 2 * dirty_decay_ns;
        dirty_peak_before = follows ? dirty_peak : used;
        dirty_peak = used;
        __atomic_store_n(&dirty_most_before, follows ? __atomic_load_n(&dirty_most, __ATOMIC_RELAXED) : held,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&dirty_most, held, __ATOMIC_RELAXED);
        __atomic_store_n(&dirty_displaced, 0, __ATOMIC_RELAXED);
        dirty_interval_ns = now_ns;
    }
    dirty_peak = cellar__max(dirty_peak, used);
    __atomic_store_n(&dirty_peak_lately, cellar__max(dirty_peak, dirty_peak_before), __ATOMIC_RELAXED);
}

/* Bytes that the store holds beyond what it should (D4). Read unlocked as well. */
static size_t dirty_excess(void)
{
    size_t bytes = dirty_idle();
    if (CELLAR_LIKELY(bytes <= DIRTY_FLOOR)) {
        return 0;
    }
    size_t held = cellar__budget_held();
    size_t peak = cellar__max(dirty_used(held, bytes), __atomic_load_n(&dirty_peak_lately, __ATOMIC_RELAXED));
    size_t most = peak + peak / 4;
    return held <= most ? 0 : cellar__min(held - most, bytes - DIRTY_FLOOR);
}

/*
 * Stores memory that comes back from the program (is_back) or from a purge that was refused. `run` describes it if it lies
 * alone; what is not needed of descriptors goes back to meta. False: it lies alone, and run is NULL.
 */
static bool dirty_store(char *base, size_t ngranules, uint64_t now_ns, bool is_back, struct dirty_run *run)
{
    struct dirty_run *gone;
    cellar__lock_acquire(&cellar__dirty_lock);
    if (is_back) {
        dirty_note_peak_locked(now_ns);
    }
    bool is_stored = dirty_extend_locked(base, ngranules, now_ns, &gone);
    if (!is_stored && run != NULL) {
        *run = (struct dirty_run){.base = base, .ngranules = ngranules, .since_ns = now_ns};
        dirty_insert_locked(run);
        is_stored = true;
        run = NULL;
    }
    cellar__lock_release(&cellar__dirty_lock);
    cellar__meta_free(gone, sizeof *gone);
    cellar__meta_free(run, sizeof *run);
    return is_stored;
}

/*
 * Takes the first ngranules of the run; the rest keeps its place in the order of age. *ret_gone is the descriptor when
 * nothing is left, or NULL. 0 or -EAGAIN: the arena is short of tags.
 */
static int dirty_take_front_locked(struct dirty_run *run, size_t ngranules, struct dirty_run **ret_gone)
{
    size_t first = ngranules << CELLAR_LG_GRANULE;
    *ret_gone = NULL;
    if (run->ngranules == ngranules) {
        dirty_remove_locked(run);
        *ret_gone = run;
        return 0;
    }
    int status = cellar__arena_split_try(&cellar__heap_arena, (uintptr_t)run->base, dirty_size(run), first);
    if (status == 0) {
        run->base += first;
        run->ngranules -= ngranules;
        cellar__tree_change(&dirty_addresses, &run->by_address);
        dirty_count_locked(-first);
    }
    return status;
}

/* The lowest run that serves, or NULL. */
static struct dirty_run *dirty_find_locked(size_t ngranules)
{
    struct cellar__tree_node *node = dirty_addresses.root;
    if (dirty_longest_of(node) < ngranules) {
        return NULL;
    }
    for (;;) {
        if (dirty_longest_of(node->left) >= ngranules) {
            node = node->left;
        } else if (dirty_of(node)->ngranules >= ngranules) {
            return dirty_of(node);
        } else {
            node = node->right;
        }
    }
}

/* ngranules from the address, or from anywhere when it is NULL. 0, -ENOENT, or -EAGAIN when the arena is short of tags. */
static int dirty_take_try(const char *from, size_t ngranules, char **ret_base)
{
    struct dirty_run *gone = NULL;
    char *base = NULL;
    int status = -ENOENT;
    cellar__lock_acquire(&cellar__dirty_lock);
    struct dirty_run *run = from == NULL ? dirty_find_locked(ngranules) : dirty_find_begin_locked(from);
    if (run != NULL && run->ngranules >= ngranules) {
        base = run->base;
        status = dirty_take_front_locked(run, ngranules, &gone);
    }
    cellar__lock_release(&cellar__dirty_lock);
    cellar__meta_free(gone, sizeof *gone);
    if (status == 0) {
        *ret_base = base;
    }
    return status;
}

static char *dirty_take(const char *from, size_t ngranules)
{
    char *base = NULL;
    while (dirty_take_try(from, ngranules, &base) == -EAGAIN) {
        if (cellar__arena_stock(&cellar__heap_arena) != 0) {
            return NULL;
        }
    }
    return base;
}

bool cellar__dirty_serves(size_t ngranules)
{
    return ngranules <= CELLAR_DIRTY_MAX_GRANULES &&
           __atomic_load_n(&dirty_longest, __ATOMIC_RELAXED) >= ngranules;
}

char *cellar__dirty_take(size_t ngranules)
{
    return ngranules > CELLAR_DIRTY_MAX_GRANULES ? NULL : dirty_take(NULL, ngranules);
}

bool cellar__dirty_take_at(const char *base, size_t ngranules)
{
    return cellar__dirty_bytes() != 0 && dirty_take(base, ngranules) != NULL;
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

/* Takes what is one too many of the oldest run, described by `part`; all of it when the arena is short of tags. */
static struct dirty_run *dirty_take_excess_locked(struct dirty_run *run, size_t excess,
                                                  struct dirty_run *part)
{
    struct dirty_run *gone;
    size_t size = cellar__max(excess, DIRTY_PURGE_MIN);
    size_t ngranules = (size + CELLAR_GRANULE - 1) >> CELLAR_LG_GRANULE;
    if (part != NULL && ngranules < run->ngranules) {
        part->base = run->base;
        part->ngranules = ngranules;
        if (dirty_take_front_locked(run, ngranules, &gone) == 0) {
            return part;
        }
    }
    dirty_remove_locked(run);
    return run;
}

/* The oldest run when it is overdue, or a part of it when that is too much or owed, taken out; or NULL. */
static struct dirty_run *dirty_take_overdue(uint64_t now_ns, size_t owed)
{
    struct dirty_run *taken = NULL;
    struct dirty_run *part = owed != 0 || dirty_excess() != 0 ? cellar__meta_alloc(sizeof *part) : NULL;
    cellar__lock_acquire(&cellar__dirty_lock);
    if (!cellar__list_is_empty(&dirty_ages)) {
        struct dirty_run *run = CELLAR_CONTAINER(dirty_ages.prev, struct dirty_run, by_age);
        size_t excess = cellar__max(dirty_excess(), owed);
        if (cellar__os_elapsed_ns(run->since_ns, now_ns) >= dirty_decay_ns) {
            dirty_remove_locked(run);
            taken = run;
        } else if (excess != 0) {
            taken = dirty_take_excess_locked(run, excess, part);
        } else {
            __atomic_store_n(&dirty_oldest_ns, run->since_ns, __ATOMIC_RELAXED);
        }
    }
    cellar__lock_release(&cellar__dirty_lock);
    if (taken != part) {
        cellar__meta_free(part, sizeof *part);
    }
    return taken;
}

/* Purges overdue runs until there is none, or the kernel refuses: that run waits for another turn. */
static size_t dirty_purge_overdue(uint64_t now_ns, size_t owed)
{
    size_t purged = 0;
    for (struct dirty_run *run;
         (run = dirty_take_overdue(now_ns, owed - cellar__min(owed, purged))) != NULL;) {
        if (!dirty_purge(run->base, run->ngranules)) {
            uint64_t since_ns = cellar__os_now_ns(); /* now_ns may be a time to come */
            dirty_store(run->base, run->ngranules, since_ns, false, run);
            break;
        }
        purged += dirty_size(run);
        cellar__meta_free(run, sizeof *run);
    }
    return purged;
}

/* Stores a run, whatever lies beside it. False: there is no memory for its descriptor. */
static bool dirty_keep(char *base, size_t ngranules, uint64_t now_ns)
{
    if (dirty_store(base, ngranules, now_ns, true, NULL)) {
        return true;
    }
    struct dirty_run *run = cellar__meta_alloc(sizeof *run);
    return run != NULL && dirty_store(base, ngranules, now_ns, true, run);
}

void cellar__dirty_give(char *base, size_t ngranules)
{
    uint64_t now_ns = cellar__os_now_ns();
    if (ngranules <= CELLAR_DIRTY_MAX_GRANULES || !dirty_purge(base, ngranules)) {
        if (!dirty_keep(base, ngranules, now_ns)) {
            dirty_purge(base, ngranules); /* refused as well: the addresses are lost, nothing else */
            return;
        }
    }
    dirty_purge_overdue(now_ns, 0);
}

/* Of what waits elsewhere as much becomes dirty as is missing there, if there is so much. */
static void dirty_fill(size_t bytes)
{
    size_t dirty = cellar__dirty_bytes();
    if (dirty < bytes && dirty_spill != NULL) {
        dirty_spill(bytes - dirty);
    }
}

/* Gives so much back of what waits, if there is so much. Returns how much went. */
static size_t dirty_displace(size_t bytes)
{
    size_t purged = 0;
    uint64_t mask = cellar__os_signals_block();
    dirty_fill(bytes);
    if (cellar__dirty_bytes() != 0) {
        purged = dirty_purge_overdue(cellar__os_now_ns(), bytes);
    }
    cellar__os_signals_restore(mask);
    return purged;
}

void cellar__dirty_give_way(void)
{
    size_t held = cellar__budget_held();
    size_t most = cellar__max(__atomic_load_n(&dirty_most, __ATOMIC_RELAXED),
                              __atomic_load_n(&dirty_most_before, __ATOMIC_RELAXED));
    if (held <= most) {
        return;
    }
    if (dirty_idle() != 0 && __atomic_load_n(&dirty_displaced, __ATOMIC_RELAXED) < most) {
        if (held - most >= DIRTY_PURGE_MIN) {
            size_t purged = dirty_displace(held - most);
            __atomic_add_fetch(&dirty_displaced, purged, __ATOMIC_RELAXED);
            held -= cellar__min(held, purged);
        } else if (cellar__dirty_bytes() != 0) {
            return; /* until there is more, which is worth a system call */
        }
    }
    __atomic_store_n(&dirty_most, cellar__max(held, most), __ATOMIC_RELAXED);
}

void cellar__dirty_tick(void)
{
    if (cellar__dirty_bytes() == 0) {
        return;
    }
    uint64_t now_ns = cellar__os_now_ns();
    uint64_t oldest_ns = __atomic_load_n(&dirty_oldest_ns, __ATOMIC_RELAXED);
    if (cellar__os_elapsed_ns(oldest_ns, now_ns) >= dirty_decay_ns || dirty_excess() != 0) {
        uint64_t mask = cellar__os_signals_block();
        dirty_purge_overdue(now_ns, 0);
        cellar__os_signals_restore(mask);
    }
}

size_t cellar__dirty_purge_all(void)
{
    return dirty_purge_overdue(UINT64_MAX, 0);
}

size_t cellar__dirty_purge_last(void)
{
    if (dirty_spill != NULL) {
        dirty_spill(SIZE_MAX);
    }
    return cellar__dirty_purge_all();
}

size_t cellar__dirty_bytes(void)
{
    return __atomic_load_n(&dirty_bytes, __ATOMIC_RELAXED);
}

bool cellar__dirty_is_full(void)
{
    return !__atomic_load_n(&dirty_is_swept, __ATOMIC_RELAXED) || dirty_decay_ns == 0 || dirty_excess() != 0;
}
