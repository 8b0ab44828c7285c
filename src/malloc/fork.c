#include "malloc/fork.h"

#include <pthread.h>

#include "arena/dirty.h"
#include "arena/registry.h"
#include "large/huge.h"
#include "malloc/heap.h"
#include "malloc/janitor.h"
#include "meta/meta.h"
#include "os/os.h"
#include "smr/smr.h"
#include "submap/window.h"
#include "zone/thread.h"
#include "zone/user.h"

/* The locks above the kegs, in order of rank. */
static struct cellar__lock *const fork_low_locks[] = {&cellar__huge_lock, &cellar__dirty_lock};
static struct cellar__lock *const fork_high_locks[] = {&cellar__heap_arena.lock, &cellar__window_lock,
                                                       &cellar__meta_purge_lock, &cellar__meta_lock};

static void fork_acquire(struct cellar__lock *const *locks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cellar__lock_acquire(locks[i]);
    }
}

static void fork_drop(struct cellar__lock *const *locks, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        cellar__lock_release(locks[i - 1]);
    }
}

/* The thread between prepare and parent or child, by where its pointer lies; set and cleared with all locks held. */
static struct cellar__thread *const *fork_owner;

static uint64_t fork_mask; /* of signals, as prepare found it; under all locks */

static bool fork_holds_locks(void)
{
    return __atomic_load_n(&fork_owner, __ATOMIC_RELAXED) == &cellar__self;
}

static void fork_set_owner(struct cellar__thread *const *owner)
{
    __atomic_store_n(&fork_owner, owner, __ATOMIC_RELAXED);
}

void cellar__fork_prepare(void)
{
    if (!cellar__heap_start()) { /* no heap, no locks that could be held */
        return;
    }
    uint64_t mask = cellar__os_signals_block(); /* a handler in the child would find the locks held */
    cellar__lock_forget_held();
    cellar__smr_lock_all();
    cellar__lock_acquire(&cellar__threads_lock);
    cellar__lock_allow_equal(true); /* kegs have one rank; here they go by zone id */
    for (unsigned id = 1; id <= CELLAR_CLASS_NSLAB; id++) {
        if (cellar__zone_get((uint16_t)id) != NULL) {
            cellar__keg_lock(cellar__heap_keg(id));
        }
    }
    cellar__user_fork_acquire();
    fork_acquire(fork_low_locks, CELLAR_COUNTOF(fork_low_locks));
    cellar__registry_lock_all(); /* arenas, too, have one rank; each is held for one operation alone */
    fork_acquire(fork_high_locks, CELLAR_COUNTOF(fork_high_locks));
    cellar__lock_allow_equal(false);
    fork_mask = mask;
    fork_set_owner(&cellar__self);
}

/* Returns the mask of signals to restore. */
static uint64_t fork_release(void)
{
    uint64_t mask = fork_mask;
    fork_set_owner(NULL);
    fork_drop(fork_high_locks, CELLAR_COUNTOF(fork_high_locks));
    cellar__registry_unlock_all();
    fork_drop(fork_low_locks, CELLAR_COUNTOF(fork_low_locks));
    cellar__user_fork_release();
    for (unsigned id = CELLAR_CLASS_NSLAB; id > 0; id--) {
        if (cellar__zone_get((uint16_t)id) !=
            NULL) { /* no zone was made meanwhile: that takes the next lock */
            cellar__lock_release(&cellar__heap_keg(id)->lock);
        }
    }
    cellar__lock_release(&cellar__threads_lock);
    cellar__smr_unlock_all();
    return mask;
}

void cellar__fork_parent(void)
{
    if (fork_holds_locks()) {
        cellar__os_signals_restore(fork_release());
    }
}

void cellar__fork_child(void)
{
    if (fork_holds_locks()) {
        uint64_t mask = fork_release();
        cellar__thread_forget_orphans();
        cellar__smr_forget_orphans();
        cellar__zone_forget_pins();
        cellar__janitor_forget();
        cellar__os_signals_restore(mask);
    }
}

void cellar__fork_register(void)
{
    pthread_atfork(cellar__fork_prepare, cellar__fork_parent, cellar__fork_child);
}
