/*
 * Zones: named caches of items of one size.
 *
 * A thread takes items from a bucket of its own and puts them back there, without a lock or an atomic instruction; full
 * and empty buckets go through the zone's depot, and items come from slabs of 64 KiB and more, whose headers lie far from
 * the items. An item may be freed by any thread.
 *
 * Hooks: init and fini run once in an item's life in its slab (what they set up stays from one user of the item to the
 * next), ctor and dtor at each allocation and free. All are called with no lock held and may use other zones and malloc.
 *
 * Common to all: any thread may call at any time, before main and after it, but no signal handler. Sizes are in bytes.
 * Functions that return a pointer return NULL with errno set, others 0 or a negative errno value; functions that free
 * leave errno alone. A zone is the program's from create to destroy: no call may name it after, and while destroy runs no
 * other thread may use it. `zone` is never NULL.
 *
 * Errors of the program end the process with a message. At once: the free of an address that is no item of the zone's
 * slabs, of the item that this thread freed last, and unknown flags. As soon as the item comes back to its slab, or at
 * once when the zone is debugged: any other double free, and the free of an address inside an item.
 */
#ifndef CELLAR_ZONE_H
#define CELLAR_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellar/cellar.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cellar_zone;
struct cellar_smr;
struct cellar_arena;

#define CELLAR_ZONE_ATTR_VERSION 1
#define CELLAR_ZONE_NAME_MAX 23 /* bytes of a name that are kept */
#define CELLAR_ZONE_ALIGN_MAX 4096
#define CELLAR_ZONE_SIZE_MAX ((size_t)1 << 30)

/* Flags of a zone. */
#define CELLAR_ZONE_PER_CPU 0x1u  /* an item is one copy for each CPU; see cellar_zone_cpu_item */
#define CELLAR_ZONE_UNCACHED 0x2u /* no buckets: each operation goes to the slabs */
#define CELLAR_ZONE_DEBUG 0x4u    /* as by cellar_zone_set_debug, from the first item on */
#define CELLAR_ZONE_PLAIN 0x8u    /* no colouring: the first item of each slab lies at its begin */

/* Flags of an allocation. */
#define CELLAR_ZONE_ZERO 0x1u        /* the item reads as zero when ctor sees it; not for a zone with init */
#define CELLAR_ZONE_NOFAIL 0x2u      /* never NULL: the process ends with a message instead */
#define CELLAR_ZONE_NOWAIT 0x4u      /* at the limit fail with EAGAIN instead of sleeping */
#define CELLAR_ZONE_USE_RESERVE 0x8u /* may take what is reserved */

/* What a move callback says. */
enum cellar_zone_answer {
    CELLAR_ZONE_MOVE_YES,      /* moved: the old item is free, the new one has its place in the program */
    CELLAR_ZONE_MOVE_NO,       /* stays for good */
    CELLAR_ZONE_MOVE_LATER,    /* cannot be moved now */
    CELLAR_ZONE_MOVE_DONT_KNOW /* the program does not know the item: it may be free, in a bucket */
};

/*
 * How a zone is made. Set version to CELLAR_ZONE_ATTR_VERSION and leave what you do not need at zero; the structure and
 * its name are copied, other texts are not.
 */
struct cellar_zone_attr {
    uint32_t version;
    uint32_t flags;   /* CELLAR_ZONE_PER_CPU and so on */
    const char *name; /* NULL: "zone" */
    size_t size;      /* an item, 1 to CELLAR_ZONE_SIZE_MAX; rounded up to a multiple of align */
    size_t align;     /* a power of two up to CELLAR_ZONE_ALIGN_MAX; 16 when less */

    /* 0, or a positive errno value that fails the allocation. flags are those of the allocation, arg is its arg. */
    int (*ctor)(void *item, size_t size, void *arg, void *ctx, unsigned flags);
    void (*dtor)(void *item, size_t size, void *arg, void *ctx);
    /* 0, or a value that makes the zone do without the item now. */
    int (*init)(void *item, size_t size, void *ctx);
    void (*fini)(void *item, size_t size, void *ctx);
    /*
     * Moves a live item to a new place, which init has seen and ctor has not. Called by cellar_zone_compact alone. It may
     * be asked about an item that the program has just freed, and must know its own items from such.
     */
    enum cellar_zone_answer (*move)(void *from, void *to, size_t size, void *ctx);
    void *ctx; /* handed to all hooks */

    size_t max_items; /* the most that may be out at once; 0: no limit */
    size_t
        max_cached; /* as cellar_zone_set_max_cached; 0: 512 KiB of items in the depot, 28 KiB in a thread */
    size_t reserve; /* as cellar_zone_set_reserve */
    const char *warning;                                 /* as cellar_zone_set_warning */
    void (*action)(struct cellar_zone *zone, void *ctx); /* as cellar_zone_set_action */

    /*
     * Safe memory reclamation: threads inside a section of this smr (<cellar/smr.h>) may read an item that another has
     * freed; it is not used again, and dtor does not see it (with arg NULL), until they have left. The smr must outlive
     * the zone. Until then such items count as used; where the limit is met or memory is out, an allocation outside
     * sections waits for readers first. Not with a move callback.
     */
    struct cellar_smr *smr;

    /*
     * Where the items lie instead of in slabs: an arena of addresses of usable memory (<cellar/arena.h>), which outlives the
     * zone, such as one over pages of its own, shared memory, or a device's window. Items are taken from it one by one, init
     * and fini run whenever one comes and goes. As for a cache zone there is no walk, owner, prealloc or debugging, and a
     * free of an address that is no item is noticed when it comes back to the arena. Only the flag UNCACHED, no move.
     */
    struct cellar_arena *arena;
};

/* A new zone, or NULL: EINVAL for a bad attribute, ENOMEM, ENOSPC when there are 8,064 zones. */
CELLAR_API struct cellar_zone *cellar_zone_create(const struct cellar_zone_attr *attr);

/*
 * A zone whose items come from the slabs of another: with hooks, limits and buckets of its own, and init and fini of its
 * own that run whenever an item comes from the slabs and goes back. size and align of attr are ignored, flags may be
 * UNCACHED and DEBUG. The slabs live until the last zone on them is destroyed. EINVAL too when `primary` has no slabs.
 */
CELLAR_API struct cellar_zone *cellar_zone_create_secondary(struct cellar_zone *primary,
                                                            const struct cellar_zone_attr *attr);

/* Where the items of a cache zone come from. Called with no lock held. */
struct cellar_zone_source {
    /* Up to n items into the array; the number. None when there are none to be had. */
    size_t (*import)(void *ctx, void **items, size_t n);
    /* Takes n items back. */
    void (*release)(void *ctx, void **items, size_t n);
};

/*
 * A zone over any pair of import and release: buckets, limits and ctor and dtor for items that lie anywhere or are no
 * memory at all (handles, connections; but never NULL). It has no slabs, so init, fini, move, ZERO unless size is set,
 * walk, owner and prealloc are not to be had. size is what the statistics and hooks are told and may be 0.
 */
CELLAR_API struct cellar_zone *cellar_zone_create_cache(const struct cellar_zone_attr *attr,
                                                        const struct cellar_zone_source *source);

/*
 * Ends a zone. Takes the items back from the buckets of all threads, runs fini, gives the slabs back. When items are
 * still out, says on stderr how many; their memory goes too, unless a secondary zone keeps the slabs. Returns that
 * number. Not to be called by a hook or a callback of the zone itself.
 */
CELLAR_API size_t cellar_zone_destroy(struct cellar_zone *zone);

/*
 * An item. At the limit it sleeps until one is freed, unless flags say NOWAIT (EAGAIN). ENOMEM: memory is out, also after
 * the callbacks of cellar_zone_pressure_add have run; else what ctor returned. Contents are what init left or the last
 * user, or indeterminate.
 */
CELLAR_API void *cellar_zone_alloc(struct cellar_zone *zone, void *arg, unsigned flags);

/* The same, but sleeps for at most so long: ETIMEDOUT. */
CELLAR_API void *cellar_zone_alloc_timed(struct cellar_zone *zone, void *arg, unsigned flags,
                                         uint64_t timeout_ns);

/* Gives an item back; arg goes to dtor. NULL is ignored. Never fails. */
CELLAR_API void cellar_zone_free(struct cellar_zone *zone, void *item, void *arg);

/*
 * Up to n items at once, all with the same arg. Returns how many: fewer when the limit (it sleeps for the first only) or
 * memory cuts it short, or ctor fails; 0 with errno as for alloc. Source of the gain: one look at the depot and the
 * slabs for all of them.
 */
CELLAR_API size_t cellar_zone_alloc_batch(struct cellar_zone *zone, void **items, size_t n, void *arg,
                                          unsigned flags);
CELLAR_API void cellar_zone_free_batch(struct cellar_zone *zone, void **items, size_t n, void *arg);

/*
 * Makes slabs so that n items are free in them, and keeps them until a reclaim. The kernel supplies their pages on first
 * touch. 0, -ENOMEM, or -ENOTSUP for a zone without slabs.
 */
CELLAR_API int cellar_zone_prealloc(struct cellar_zone *zone, size_t n);

/*
 * The most items that may be out at once; 0: no limit. -EBUSY, with all as it was, when more are out now. -EINVAL when
 * the reserve is not below it. A zone without a limit does not count what is out: its first limit is set while no other
 * thread uses it.
 */
CELLAR_API int cellar_zone_set_max(struct cellar_zone *zone, size_t max_items);

/*
 * How many free items may lie ready: so many in the depot, and in the buckets of each thread as many again. 0: none, as
 * with UNCACHED. Threads follow when they next exchange a bucket.
 */
CELLAR_API void cellar_zone_set_max_cached(struct cellar_zone *zone, size_t max_cached);

/*
 * Items kept back for allocations with USE_RESERVE: so many lie ready for when memory is out, and of a limit the last so
 * many are theirs. What was taken is replaced by the next frees. 0, -ENOMEM with the reserve as it was, -EINVAL when
 * the limit is not above it.
 */
CELLAR_API int cellar_zone_set_reserve(struct cellar_zone *zone, size_t nitems);

/* A line for stderr when an allocation meets the limit, at most once in ten seconds; NULL: none. Not copied. */
CELLAR_API void cellar_zone_set_warning(struct cellar_zone *zone, const char *text);

/* Called by each thread that meets the limit, before it sleeps or fails, with the zone's ctx. It may free items. */
CELLAR_API void cellar_zone_set_action(struct cellar_zone *zone,
                                       void (*action)(struct cellar_zone *zone, void *ctx));

/* Whether an allocation without USE_RESERVE would meet the limit now. */
CELLAR_API bool cellar_zone_is_exhausted(const struct cellar_zone *zone);

/* How much of what is free goes back. */
enum cellar_zone_reclaim {
    CELLAR_ZONE_TRIM,     /* buckets of the depot that were not touched since the last reclaim */
    CELLAR_ZONE_DRAIN,    /* the depot, and empty slabs */
    CELLAR_ZONE_DRAIN_ALL /* the calling thread's buckets too; other threads follow at their next exchange */
};

/* Gives free items back to the slabs, and empty slabs to the heap. */
CELLAR_API void cellar_zone_reclaim(struct cellar_zone *zone, enum cellar_zone_reclaim how);

/* The same for every zone there is. */
CELLAR_API void cellar_zone_reclaim_all(enum cellar_zone_reclaim how);

/*
 * Registers a callback for when memory is out or a limit is met: it frees what the program can spare and returns whether
 * it freed anything. Called with no lock held by the thread in need, which then tries again; not called again from
 * within. malloc calls it too before it fails. 0, -ENOMEM.
 */
CELLAR_API int cellar_zone_pressure_add(bool (*relieve)(void *ctx), void *ctx);

/* Ends a registration. -ENOENT when there is none. Another thread may be in the callback for the last time. */
CELLAR_API int cellar_zone_pressure_remove(bool (*relieve)(void *ctx), void *ctx);

struct cellar_zone_usage {
    char name[CELLAR_ZONE_NAME_MAX + 1];
    size_t size;          /* bytes an item takes */
    size_t max_items;     /* the limit; 0: none */
    size_t used;          /* items with the program */
    size_t cached;        /* free items in buckets, depot and reserve */
    size_t free;          /* free items in slabs, those of other zones on them included */
    size_t slab_bytes;    /* of all slabs */
    uint64_t requests;    /* items asked for */
    uint64_t fails;       /* allocations that failed */
    uint64_t sleeps;      /* allocations that slept at the limit */
    uint64_t cross_frees; /* items that threads freed beyond those they had allocated: a lower bound */
    uint64_t moved;       /* items that compaction moved */
};

/* A moment of the zone; exact when no other thread uses it meanwhile. */
CELLAR_API void cellar_zone_get_usage(struct cellar_zone *zone, struct cellar_zone_usage *ret_usage);

/*
 * Visits every zone that create made, in no order, until visit returns other than 0, and returns that. visit may call
 * anything but destroy on the zone it is given.
 */
CELLAR_API int cellar_zone_foreach(int (*visit)(struct cellar_zone *zone, void *ctx), void *ctx);

enum cellar_zone_state {
    CELLAR_ZONE_LIVE,   /* with the program */
    CELLAR_ZONE_CACHED, /* free, in a bucket, the depot or the reserve */
    CELLAR_ZONE_FREE    /* free, in its slab */
};

/*
 * Visits the items in all slabs of the zone, of a shared keg also those of other zones, until visit returns other than
 * 0, and returns that. No other thread may use the zone meanwhile; visit may, and may free the item it is given.
 * -ENOMEM; -ENOTSUP for a zone without slabs.
 */
CELLAR_API int cellar_zone_walk(struct cellar_zone *zone,
                                int (*visit)(void *item, enum cellar_zone_state state, void *ctx), void *ctx);

struct cellar_zone_owner {
    struct cellar_zone *zone; /* of several on one keg, the oldest */
    void *item;               /* its begin */
    size_t index;             /* in its slab */
    enum cellar_zone_state state;
};

/*
 * The zone whose item an address lies in. -ENOENT: none. The address may be any, but no other thread may free that item
 * meanwhile.
 */
CELLAR_API int cellar_zone_find_owner(const void *addr, struct cellar_zone_owner *ret_owner);

/*
 * Debugging of one zone, on or off while the program runs: no buckets, each free checked against its slab at once, freed
 * items filled with 0x5a and checked when they go out again, init and fini at each allocation and free. -ENOTSUP for a
 * zone without slabs. Items that lie in buckets of other threads are not checked.
 */
CELLAR_API int cellar_zone_set_debug(struct cellar_zone *zone, bool on);

/*
 * Empties sparse slabs by the zone's move callback, as far as their items fit into others, and gives them back to the
 * kernel. Returns the bytes. 0 without a move callback. Call it in a thread where the items may be moved.
 */
CELLAR_API size_t cellar_zone_compact(struct cellar_zone *zone);

/*
 * Copies of an item of a PER_CPU zone: that of CPU 0 .. count - 1, and that of the CPU the thread runs on, which it may
 * leave at any time: copies want atomic operations, which then seldom meet another CPU's. alloc returns the copy of
 * CPU 0. ZERO clears all copies; hooks are given all of them, size being that of all.
 */
CELLAR_API unsigned cellar_zone_cpu_count(void);
CELLAR_API void *cellar_zone_cpu_item(const struct cellar_zone *zone, void *item, unsigned cpu);
CELLAR_API void *cellar_zone_cpu_current(const struct cellar_zone *zone, void *item);

/* NULL when the invariants of the zone's slabs hold, else the name of the first that does not (docs/design). */
CELLAR_API const char *cellar_zone_check(struct cellar_zone *zone);

/* A zone that is made by its first use; CELLAR_ZONE_STATIC defines one. */
struct cellar_zone_static {
    struct cellar_zone *zone; /* atomic */
    struct cellar_zone_attr attr;
};

/* The zone, made now if need be; NULL with errno as for create. Destroyed, if at all, after its last use. */
CELLAR_API struct cellar_zone *cellar_zone_static_make(struct cellar_zone_static *once);

static inline struct cellar_zone *cellar_zone_static_get(struct cellar_zone_static *once)
{
    struct cellar_zone *zone = __atomic_load_n(&once->zone, __ATOMIC_ACQUIRE);
    return zone != NULL ? zone : cellar_zone_static_make(once);
}

/*
 * Defines a zone that can be used from the first instruction of the program on:
 *     CELLAR_ZONE_STATIC(nodes, .name = "nodes", .size = sizeof(struct node));
 *     struct node *node = cellar_zone_alloc(cellar_zone_static_get(&nodes), NULL, 0);
 */
#define CELLAR_ZONE_STATIC(variable, ...)                                                                    \
    static struct cellar_zone_static variable = {NULL, {.version = CELLAR_ZONE_ATTR_VERSION, __VA_ARGS__}}

/*
 * Typed functions for a zone of one type:
 *     CELLAR_ZONE_TYPED(struct node, node)
 * defines node_zone_create(attr or NULL), node_alloc(zone, flags) and node_free(zone, node). create fills in size, align
 * and, where it is NULL, the name.
 */
#ifdef __cplusplus
#define CELLAR_ZONE_ALIGNOF(type) alignof(type)
#define CELLAR_ZONE_CAST(type, pointer) static_cast<type>(pointer)
#else
#define CELLAR_ZONE_ALIGNOF(type) _Alignof(type)
#define CELLAR_ZONE_CAST(type, pointer) (pointer)
#endif
#define CELLAR_ZONE_TYPED(type, prefix)                                                                      \
    static inline struct cellar_zone *prefix##_zone_create(const struct cellar_zone_attr *attr)              \
    {                                                                                                        \
        struct cellar_zone_attr typed = cellar_zone_attr_or_default(attr);                                   \
        typed.name = typed.name != NULL ? typed.name : #prefix;                                              \
        typed.size = sizeof(type);                                                                           \
        typed.align = CELLAR_ZONE_ALIGNOF(type);                                                             \
        return cellar_zone_create(&typed);                                                                   \
    }                                                                                                        \
    static inline type *prefix##_alloc(struct cellar_zone *zone, unsigned flags)                             \
    {                                                                                                        \
        return CELLAR_ZONE_CAST(type *, cellar_zone_alloc(zone, NULL, flags));                               \
    }                                                                                                        \
    static inline void prefix##_free(struct cellar_zone *zone, type *item)                                   \
    {                                                                                                        \
        cellar_zone_free(zone, item, NULL);                                                                  \
    }

/* *attr, or attributes that are all default. */
static inline struct cellar_zone_attr cellar_zone_attr_or_default(const struct cellar_zone_attr *attr)
{
    struct cellar_zone_attr none;
    __builtin_memset(&none, 0, sizeof none);
    none.version = CELLAR_ZONE_ATTR_VERSION;
    return attr != NULL ? *attr : none;
}

#ifdef __cplusplus
}
#endif

#endif
