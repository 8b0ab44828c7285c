/*
 * thread: the record of one thread's caches, and the pointer to it.
 *
 * The pointer is at first aimed at a shared record of zeros, in which every cache has capacity zero: so the fast paths
 * need no check for a thread that is new, that could not get a record, or that has already ended its. The first slow
 * path gives the thread a record of its own; a destructor of thread-specific data takes it back when the thread ends,
 * after which a second shared record serves, which says that this thread is to get no other. So one pointer is all that
 * the library takes of static TLS, of which a dlopen finds little.
 *
 * `tag`s of the page map are byte offsets into this record, so that free finds the cache without arithmetic.
 *
 * Invariants:
 *   T1  caches are at the record's begin: cache of zone id at offset id * sizeof(struct cellar__cache).
 *   T2  cache 0 is never loaded: tag 0 always takes the slow path.
 *   T3  the shared records are never written.
 *   T4  a record is on the list of live threads from before its owner uses it until its owner's end.
 */
#ifndef CELLAR_ZONE_THREAD_H
#define CELLAR_ZONE_THREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "bucket/cache.h"
#include "os/lock.h"

#define CELLAR_THREAD_NCACHES 128
/* Sizes served by table: requests of up to 1 KiB in steps of 16 bytes. */
#define CELLAR_THREAD_SMALL_MAX 1024
#define CELLAR_THREAD_NSMALL (CELLAR_THREAD_SMALL_MAX / 16 + 1)

struct cellar__thread {
    struct cellar__cache caches[CELLAR_THREAD_NCACHES];
    /* by (request + 15) / 16: the cache of its size class. Set by the malloc level. */
    struct cellar__cache *by_size[CELLAR_THREAD_NSMALL];
    struct cellar__list all; /* under cellar__threads_lock */
};

extern __thread struct cellar__thread *cellar__self __attribute__((tls_model("initial-exec")));
extern CELLAR_HIDDEN struct cellar__thread cellar__thread_empty; /* of threads that have no record yet */
extern CELLAR_HIDDEN struct cellar__thread cellar__thread_over;  /* of threads that had theirs */
extern struct cellar__lock cellar__threads_lock;

/* Whether this is a shared record, in which every cache is empty and full. */
CELLAR_INLINE bool cellar__thread_is_empty(const struct cellar__thread *thread)
{
    return thread == &cellar__thread_empty || thread == &cellar__thread_over;
}

/* Called for each new record before it is used; fills by_size. Set once, at start. */
void cellar__thread_set_prepare(void (*prepare)(struct cellar__thread *thread));

/*
 * The calling thread's own record, made now if need be; a shared one when memory is out or the thread is past its
 * last destructor.
 */
struct cellar__thread *cellar__thread_own(void);

/*
 * Takes the record off the thread's pointer while a cache of it is changed, and puts it back. Should a signal handler
 * leave the change by a longjmp, the next fast path meets the empty record and so comes to cellar__thread_own, which
 * finds that the thread has a record and mends its caches.
 */
CELLAR_INLINE void cellar__thread_detach(void)
{
    cellar__self = &cellar__thread_empty;
    CELLAR_SIGNAL_FENCE();
}

CELLAR_INLINE void cellar__thread_attach(struct cellar__thread *thread)
{
    CELLAR_SIGNAL_FENCE();
    cellar__self = thread;
}

/* Visits the records of live threads under the lock. */
void cellar__thread_walk(void (*visit)(void *ctx, struct cellar__thread *thread), void *ctx);
size_t cellar__thread_count(void);

/* The list itself, for the inspector's record. */
const struct cellar__list *cellar__thread_list(void);

/*
 * In the child after fork: drops the records of the other threads, which do not exist here. What their caches held
 * is lost to the child, at most two buckets a thread and zone: a thread may have been stopped in the middle of an
 * exchange, so its record cannot be trusted.
 */
void cellar__thread_forget_orphans(void);

#endif
