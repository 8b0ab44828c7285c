/*
 * thread: the record of one thread's caches, and the pointer to it.
 *
 * The pointer is at first aimed at a shared record of zeros, in which every cache has capacity zero: so the fast paths
 * need no check for a thread that is new, that could not get a record, or that has already ended its. The first slow
 * path gives the thread a record of its own; a destructor of thread-specific data takes it back when the thread ends,
 * after which the shared one serves again, and a flag says that this thread is to get no other. So a pointer and a flag
 * are all that the library takes of static TLS for this, of which a dlopen finds little.
 *
 * `tag`s of the page map are byte offsets into this record, so that free finds the cache without arithmetic. They reach
 * the caches of the first zones, which are malloc's. For all zones there is a table of chunks of 64 caches: two are
 * in the record, whose caches end before the second chunk would, and the others are at first one shared chunk of zeros,
 * so that a fast path finds the cache of any zone without a check. The first slow path that needs one gives the thread a
 * chunk of its own. The table has distances from the shared chunk: so the shared record is nothing but zeros, with no
 * address that the dynamic linker would have to put in at each start.
 *
 * Invariants:
 *   T1  caches are at the record's begin: cache of zone id at offset id * sizeof(struct cellar__cache).
 *   T2  cache 0 is never loaded: tag 0 always takes the slow path.
 *   T3  the shared record and the shared chunk are never changed. The record cannot be written; a fast path that counts
 *       adds 0 to the chunk.
 *   T4  a record is on the list from before its first owner uses it until it is given back. Those that are parked for the
 *       next threads (zone/park.h) stay on it, so that statistics see what they hold.
 *   T5  chunks 0 and 1 of an own record are its caches, and no zone has an id from NOWN to NCACHES - 1. Any other
 *       chunk is written by the owner and, with cellar__threads_lock held, by who destroys one of its zones.
 */
#ifndef CELLAR_ZONE_THREAD_H
#define CELLAR_ZONE_THREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "bucket/cache.h"
#include "os/lock.h"

#define CELLAR_THREAD_NOWN 104    /* caches in the record, so that it takes no more than 8 KiB */
#define CELLAR_THREAD_NCACHES 128 /* ids of chunks 0 and 1, of which those from NOWN on are not used */
#define CELLAR_THREAD_NSINGLES 16
#define CELLAR_THREAD_NSTASH 4
#define CELLAR_THREAD_LG_CHUNK 6
#define CELLAR_THREAD_CHUNK (1u << CELLAR_THREAD_LG_CHUNK) /* caches; 4 KiB of them */
#define CELLAR_THREAD_NCHUNKS 128u
#define CELLAR_THREAD_NIDS (CELLAR_THREAD_NCHUNKS * CELLAR_THREAD_CHUNK)

struct cellar__thread {
    struct cellar__cache caches[CELLAR_THREAD_NOWN];
    struct cellar__list all; /* under cellar__threads_lock */
    /* by zone id / CELLAR_THREAD_CHUNK: bytes from the shared chunk to this thread's; written atomically by the owner */
    ptrdiff_t chunks[CELLAR_THREAD_NCHUNKS];
    /* owner: zones of single items that have a bucket, the last loaded first; then 0 */
    uint8_t singles[CELLAR_THREAD_NSINGLES];
    struct cellar__bucket *stash[CELLAR_THREAD_NSTASH]; /* owner: empty, by size, or NULL (zone/stash.h) */
    const void *given;    /* owner: the item that it left to a depot last, alone (zone/deep_room.c) */
    size_t bucket_bytes;  /* owner: what the buckets of the other caches may hold, one for each */
    ptrdiff_t deep_bytes; /* owner: more in previous buckets of wide zones than others know (zone/deep.h) */
    ptrdiff_t tell_bytes; /* owner: when they are so many, more or fewer, it tells */
    uint64_t tick_ns;     /* owner: when it last came for room where it only frees (zone/capacity.c) */
    uint32_t tick_turns;  /* owner: how often within that tick of the coarse clock */
    uint16_t hand;        /* owner: the cache that gave way last (zone/capacity.c) */
    bool is_alone;        /* owner: there is no other, so its previous buckets may hold much (zone/deep.h) */
    bool is_deep;         /* owner: they may hold more than loaded ones */
    bool is_bounded;      /* owner: but no more than depots, with these */
    bool is_fenced;       /* owner: others have all threads fenced before they steal (zone/reclaim.h) */
    bool is_taking;       /* the owner takes a previous bucket out; atomic, read by who steals */
    bool is_relieving;    /* owner: a callback under memory pressure runs */
    bool is_aged;         /* who parks the record or looks at it there: it lay there at a look before */
};

extern __thread struct cellar__thread *cellar__self __attribute__((tls_model("initial-exec")));
/* The shared record, of threads that have none yet or had theirs. */
extern CELLAR_HIDDEN const struct cellar__thread cellar__thread_empty;
extern CELLAR_HIDDEN struct cellar__cache cellar__thread_chunk_empty[CELLAR_THREAD_CHUNK];
extern CELLAR_HIDDEN size_t cellar__thread_total; /* atomic: cellar__thread_count */
extern struct cellar__lock cellar__threads_lock;  /* also guards the table of zones (zone/zone.h) */

/*
 * Takes cellar__threads_lock with signals blocked, and undoes both. For callers that come from the program.
 */
uint64_t cellar__threads_acquire(void);
void cellar__threads_release(uint64_t mask);

/* Whether this is the shared record, in which every cache is empty and full. */
CELLAR_INLINE bool cellar__thread_is_empty(const struct cellar__thread *thread)
{
    return thread == &cellar__thread_empty;
}

/* The zone's cache in the shared chunk, as an address to count from: what lies at a distance from it is another object. */
CELLAR_INLINE char *cellar__thread_cache_home(unsigned id)
{
    char *home = (char *)&cellar__thread_chunk_empty[id % CELLAR_THREAD_CHUNK];
    __asm__("" : "+r"(home)); /* the compiler is not to know which object it is */
    return home;
}

/* The cache of a zone, to look at; the shared one of zeros when the thread has none of its own. */
CELLAR_INLINE struct cellar__cache *cellar__thread_cache(const struct cellar__thread *thread, unsigned id)
{
    ptrdiff_t distance = __atomic_load_n(&thread->chunks[id >> CELLAR_THREAD_LG_CHUNK], __ATOMIC_ACQUIRE);
    return (struct cellar__cache *)(cellar__thread_cache_home(id) + distance);
}

/* Whether the thread has the chunk of that id; its caches may hold something. */
CELLAR_INLINE bool cellar__thread_has_chunk(const struct cellar__thread *thread, unsigned id)
{
    return __atomic_load_n(&thread->chunks[id >> CELLAR_THREAD_LG_CHUNK], __ATOMIC_ACQUIRE) != 0;
}

struct cellar__cache *cellar__thread_chunk_make(struct cellar__thread *thread, unsigned id);

/* The cache of a zone in the calling thread's own record, to change. NULL: no memory for its chunk. */
CELLAR_INLINE struct cellar__cache *cellar__thread_cache_own(struct cellar__thread *thread, unsigned id)
{
    return CELLAR_LIKELY(cellar__thread_has_chunk(thread, id)) ? cellar__thread_cache(thread, id)
                                                               : cellar__thread_chunk_make(thread, id);
}

/* Once, at start: from here on threads get records. */
void cellar__thread_init(void);

/* For a thread of the library's own, first of all: it is to have no record. */
void cellar__thread_forgo(void);

/* The one of this level's thread-local variables that lies farthest from the thread pointer. */
const void *cellar__thread_local(void);

/* Called after a thread's record was parked or went to the depots. Set once, at start. */
void cellar__thread_set_ended(void (*ended)(void));

/*
 * The calling thread's own record, made now if need be; the shared one when memory is out or the thread is past its
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
    cellar__self = (struct cellar__thread *)&cellar__thread_empty;
    CELLAR_SIGNAL_FENCE();
}

CELLAR_INLINE void cellar__thread_attach(struct cellar__thread *thread)
{
    CELLAR_SIGNAL_FENCE();
    cellar__self = thread;
}

/*
 * Empties the parked records that were parked at the last call already, or all of them, and gives them back. Whether any
 * are left. With signals blocked.
 */
bool cellar__thread_trim_parked(bool all);

/* Visits all records, parked ones too, under the lock. */
void cellar__thread_walk(void (*visit)(void *ctx, struct cellar__thread *thread), void *ctx);

/* Threads that have a record. */
CELLAR_INLINE size_t cellar__thread_count(void)
{
    return __atomic_load_n(&cellar__thread_total, __ATOMIC_RELAXED);
}

/* The first record on the list, which becomes the last one; NULL when there is none. Under the lock. */
struct cellar__thread *cellar__thread_turn(void);

/* The list itself, for the inspector's record. */
const struct cellar__list *cellar__thread_list(void);

/*
 * In the child after fork: drops the records of the other threads, which do not exist here. What their caches held
 * is lost to the child, at most two buckets a thread and zone: a thread may have been stopped in the middle of an
 * exchange, so its record cannot be trusted.
 */
void cellar__thread_forget_orphans(void);

#endif
