#include "zone/pressure.h"

#include <errno.h>
#include <stddef.h>

#include "os/os.h"
#include "zone/reclaim.h"
#include "zone/thread.h"
#include "zone/user.h"

/* A registration. Blocks of meta stay blocks of meta: a stale look at one that was just removed does no harm. */
struct pressure_callback {
    struct pressure_callback *next;
    bool (*relieve)(void *ctx);
    void *ctx;
};

static struct pressure_callback *pressure_first; /* under cellar__threads_lock */

int cellar__pressure_add(bool (*relieve)(void *ctx), void *ctx)
{
    struct pressure_callback *callback = cellar__user_meta_alloc(sizeof *callback);
    if (callback == NULL) {
        return -ENOMEM;
    }
    callback->relieve = relieve;
    callback->ctx = ctx;
    uint64_t mask = cellar__threads_acquire();
    callback->next = pressure_first;
    pressure_first = callback;
    cellar__threads_release(mask);
    return 0;
}

int cellar__pressure_remove(bool (*relieve)(void *ctx), void *ctx)
{
    struct pressure_callback *found = NULL;
    uint64_t mask = cellar__threads_acquire();
    for (struct pressure_callback **link = &pressure_first; *link != NULL; link = &(*link)->next) {
        if ((*link)->relieve == relieve && (*link)->ctx == ctx) {
            found = *link;
            *link = found->next;
            break;
        }
    }
    cellar__threads_release(mask);
    cellar__user_meta_free(found, sizeof *found);
    return found == NULL ? -ENOENT : 0;
}

/* The n-th registration; false behind the last. */
static bool pressure_get(size_t n, struct pressure_callback *ret_callback)
{
    uint64_t mask = cellar__threads_acquire();
    struct pressure_callback *callback = pressure_first;
    for (; callback != NULL && n > 0; n--) {
        callback = callback->next;
    }
    if (callback != NULL) {
        *ret_callback = *callback;
    }
    cellar__threads_release(mask);
    return callback != NULL;
}

static bool pressure_call_all(void)
{
    struct pressure_callback callback;
    bool relieved = false;
    for (size_t i = 0; pressure_get(i, &callback); i++) {
        relieved |= callback.relieve(callback.ctx);
    }
    return relieved;
}

/* A thread without a record cannot note that it is inside: it goes without. */
static bool pressure_enter(struct cellar__thread **ret_thread)
{
    struct cellar__thread *thread = cellar__thread_own();
    if (cellar__thread_is_empty(thread) || thread->is_relieving) {
        return false;
    }
    thread->is_relieving = true;
    *ret_thread = thread;
    return true;
}

bool cellar__pressure_call(void)
{
    struct cellar__thread *thread;
    if (__atomic_load_n(&pressure_first, __ATOMIC_RELAXED) == NULL || !pressure_enter(&thread)) {
        return false;
    }
    bool relieved = pressure_call_all();
    thread->is_relieving = false;
    return relieved;
}

bool cellar__pressure_relieve(void)
{
    struct cellar__thread *thread;
    if (!pressure_enter(&thread)) {
        return false;
    }
    pressure_call_all();
    cellar__reclaim_all(CELLAR_ZONE_DRAIN_ALL);
    uint64_t mask = cellar__os_signals_block();
    cellar__thread_trim_parked(true);
    cellar__os_signals_restore(mask);
    for (uint16_t id = 1; id < CELLAR_THREAD_NCACHES; id++) { /* malloc's, which never go */
        struct cellar__zone *zone = cellar__zone_get(id);
        if (zone != NULL) {
            cellar__zone_drain_depot(zone);
        }
    }
    thread->is_relieving = false;
    return true;
}
