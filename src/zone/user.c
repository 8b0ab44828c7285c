/* Making and ending zones of programs, and their backend. */
#include "zone/user.h"

#include <errno.h>
#include <string.h>

#include "arena/registry.h"
#include "base/assert.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "meta/meta.h"
#include "os/os.h"
#include "os/panic.h"
#include "smr/smr.h"
#include "zone/debug.h"
#include "zone/limit.h"
#include "zone/retire.h"
#include "zone/stock.h"

#define USER_FLAGS (CELLAR_ZONE_PER_CPU | CELLAR_ZONE_UNCACHED | CELLAR_ZONE_DEBUG | CELLAR_ZONE_PLAIN)
#define USER_SHARED_FLAGS (CELLAR_ZONE_UNCACHED | CELLAR_ZONE_DEBUG)

static const struct cellar__zone_backend user_keg_backend = {
    .kind = "slab", .import = cellar__user_import, .release = cellar__user_release};
static const struct cellar__zone_backend user_source_backend = {
    .kind = "source", .import = cellar__user_import, .release = cellar__user_release};

void *cellar__user_meta_alloc(size_t size)
{
    uint64_t mask = cellar__os_signals_block();
    void *block = cellar__meta_alloc(size);
    cellar__os_signals_restore(mask);
    return block;
}

void cellar__user_meta_free(void *block, size_t size)
{
    uint64_t mask = cellar__os_signals_block();
    cellar__meta_free(block, size);
    cellar__os_signals_restore(mask);
}

void cellar__user_shut_alloc(struct cellar_zone *zone, enum cellar__gate reason, bool shut)
{
    if (shut) {
        __atomic_or_fetch(&zone->alloc_gate, (uint32_t)reason, __ATOMIC_RELAXED);
    } else {
        __atomic_and_fetch(&zone->alloc_gate, ~(uint32_t)reason, __ATOMIC_RELAXED);
    }
}

void cellar__user_shut_free(struct cellar_zone *zone, enum cellar__gate reason, bool shut)
{
    if (shut) {
        __atomic_or_fetch(&zone->free_gate, (uint32_t)reason, __ATOMIC_RELAXED);
    } else {
        __atomic_and_fetch(&zone->free_gate, ~(uint32_t)reason, __ATOMIC_RELAXED);
    }
}

void cellar__user_set_caching(struct cellar_zone *zone)
{
    bool is_uncached = (zone->attr.flags & CELLAR_ZONE_UNCACHED) != 0 ||
                       (cellar__user_gate(&zone->free_gate) & CELLAR_GATE_DEBUG) != 0 ||
                       __atomic_load_n(&zone->is_capped, __ATOMIC_RELAXED);
    __atomic_store_n(&zone->base.is_uncached, is_uncached, __ATOMIC_RELAXED);
    if (is_uncached) {
        cellar__zone_ask_drain(&zone->base);
        cellar__zone_drain_depot(&zone->base);
    }
}

/* ---- backend ---- */

/* What the secondary zone's init refuses goes back. */
static size_t user_init_items(struct cellar_zone *zone, void **items, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        enum cellar__item_fault fault;
        if (zone->attr.init != NULL && zone->attr.init(items[i], zone->size, zone->attr.ctx) != 0) {
            cellar__keg_free(zone->keg, &items[i], 1, &fault);
            continue;
        }
        items[kept++] = items[i];
    }
    return kept;
}

size_t cellar__user_import(void *source, void **items, size_t n)
{
    struct cellar_zone *zone = source;
    size_t got;
    if (zone->keg == NULL) {
        got = zone->source.import(zone->attr.ctx, items, n);
    } else {
        got = cellar__keg_alloc(zone->keg, items, n);
        got = zone->is_secondary ? user_init_items(zone, items, got) : got;
    }
    __atomic_add_fetch(&zone->nheld, got, __ATOMIC_RELAXED);
    return got;
}

size_t cellar__user_release(void *source, void **items, size_t n, enum cellar__item_fault *ret_fault)
{
    struct cellar_zone *zone = source;
    size_t given = n;
    *ret_fault = CELLAR_ITEM_OK;
    if (zone->keg == NULL) {
        if (n != 0) {
            zone->source.release(zone->attr.ctx, items, n);
        }
    } else {
        for (size_t i = 0; zone->is_secondary && zone->attr.fini != NULL && i < n; i++) {
            zone->attr.fini(items[i], zone->size, zone->attr.ctx);
        }
        given = cellar__keg_free(zone->keg, items, n, ret_fault);
    }
    __atomic_sub_fetch(&zone->nheld, given, __ATOMIC_RELAXED);
    return given;
}

/* A zone over an arena. */
static size_t user_arena_import(void *source, void **items, size_t n)
{
    struct cellar_zone *zone = source;
    struct cellar__arena *arena = &zone->attr.arena->arena;
    size_t got = 0;
    for (uint64_t base; got < n && cellar__arena_alloc(arena, zone->size, zone->attr.align, &base) == 0;) {
        void *item = (void *)(uintptr_t)base; // NOLINT(performance-no-int-to-ptr)
        if (zone->attr.init != NULL && zone->attr.init(item, zone->size, zone->attr.ctx) != 0) {
            cellar__arena_free(arena, base, zone->size);
            break;
        }
        items[got++] = item;
    }
    __atomic_add_fetch(&zone->nheld, got, __ATOMIC_RELAXED);
    return got;
}

static size_t user_arena_release(void *source, void **items, size_t n, enum cellar__item_fault *ret_fault)
{
    struct cellar_zone *zone = source;
    size_t given = 0;
    *ret_fault = CELLAR_ITEM_OK;
    for (; given < n; given++) {
        if (zone->attr.fini != NULL) {
            zone->attr.fini(items[given], zone->size, zone->attr.ctx);
        }
        if (cellar__arena_free(&zone->attr.arena->arena, (uintptr_t)items[given], zone->size) != 0) {
            *ret_fault = CELLAR_ITEM_NOT_HERE;
            break;
        }
    }
    __atomic_sub_fetch(&zone->nheld, given, __ATOMIC_RELAXED);
    return given;
}

static const struct cellar__zone_backend user_arena_backend = {
    .kind = "arena", .import = user_arena_import, .release = user_arena_release};

/* ---- create ---- */

static bool user_attr_is_good(const struct cellar_zone_attr *attr, const struct cellar_zone *primary,
                              const struct cellar_zone_source *source)
{
    bool has_slabs = source == NULL && attr->arena == NULL;
    uint32_t flags = !has_slabs ? CELLAR_ZONE_UNCACHED : primary != NULL ? USER_SHARED_FLAGS : USER_FLAGS;
    if (attr->version != CELLAR_ZONE_ATTR_VERSION || (attr->flags & ~flags) != 0) {
        return false;
    }
    if (attr->max_items != 0 && attr->reserve >= attr->max_items) {
        return false;
    }
    if (attr->smr != NULL && attr->move != NULL) { /* readers would be left with the old place */
        return false;
    }
    if (attr->arena != NULL && (primary != NULL || source != NULL || attr->move != NULL)) {
        return false;
    }
    if (primary != NULL) {
        return primary->keg != NULL && attr->move == NULL;
    }
    if (source != NULL) {
        bool has_hooks = attr->init != NULL || attr->fini != NULL || attr->move != NULL;
        return source->import != NULL && source->release != NULL && !has_hooks &&
               attr->size <= CELLAR_ZONE_SIZE_MAX;
    }
    bool align_is_good =
        attr->align == 0 || (cellar__is_pow2(attr->align) && attr->align <= CELLAR_ZONE_ALIGN_MAX);
    return attr->size > 0 && attr->size <= CELLAR_ZONE_SIZE_MAX && align_is_good;
}

/* Bytes an item takes; of a per-CPU zone all copies, each on cache lines of its own. 0: too many. */
static size_t user_item_size(const struct cellar_zone_attr *attr, size_t *ret_stride)
{
    size_t align = cellar__max(attr->align, 16);
    size_t size = cellar__round_up(attr->size, align);
    *ret_stride = size;
    if ((attr->flags & CELLAR_ZONE_PER_CPU) != 0) {
        *ret_stride = cellar__round_up(size, cellar__max(align, CELLAR_CACHE_LINE));
        size = *ret_stride * cellar__os_cpu_end();
    }
    return size <= CELLAR_SLAB_SIZE_MAX ? size : 0;
}

static int user_make_keg(struct cellar_zone *zone)
{
    const struct cellar_zone_attr *attr = &zone->attr;
    struct cellar__keg_attr keg = {
        .size = user_item_size(attr, &zone->cpu_stride),
        .has_marks = true,
        .align = cellar__max(attr->align, 16),
        .has_colours = (attr->flags & CELLAR_ZONE_PLAIN) == 0,
        .max_empty = attr->init != NULL, /* what init made ready is worth a slab */
        .init = attr->init,
        .fini = attr->fini,
        .ctx = attr->ctx,
        .unmark = cellar__debug_unmark,
    };
    if (keg.size == 0) {
        return EINVAL;
    }
    zone->zone_keg = cellar__user_meta_alloc(sizeof *zone->zone_keg);
    if (zone->zone_keg == NULL) {
        return ENOMEM;
    }
    cellar__keg_init(&zone->zone_keg->keg, &keg);
    cellar__list_init(&zone->zone_keg->zones);
    return 0;
}

static void user_fill(struct cellar_zone *zone, const struct cellar_zone_attr *attr)
{
    zone->attr = *attr;
    zone->max_items = attr->max_items;
    zone->reserve = attr->max_items != 0 ? attr->reserve : 0;
    zone->warning = attr->warning;
    zone->action = attr->action;
    cellar__list_init(&zone->on_keg);
    cellar__user_shut_alloc(zone, CELLAR_GATE_HOOK, attr->ctor != NULL);
    cellar__user_shut_free(zone, CELLAR_GATE_HOOK, attr->dtor != NULL);
    cellar__user_shut_alloc(zone, CELLAR_GATE_LIMIT, attr->max_items != 0);
    cellar__user_shut_free(zone, CELLAR_GATE_LIMIT, attr->max_items != 0);
    cellar__user_shut_free(zone, CELLAR_GATE_SMR, attr->smr != NULL);
}

/* The zone gets its keg or source. A positive errno value or 0. */
static int user_attach(struct cellar_zone *zone, struct cellar_zone *primary,
                       const struct cellar_zone_source *source)
{
    int error = 0;
    if (source != NULL) {
        zone->source = *source;
        zone->size = zone->attr.size;
        zone->cpu_stride = zone->size;
        cellar__user_shut_free(zone, CELLAR_GATE_NO_KEG, true);
        return 0;
    }
    if (zone->attr.arena != NULL) {
        zone->size = user_item_size(&zone->attr, &zone->cpu_stride);
        zone->attr.align = cellar__max(zone->attr.align, 16);
        cellar__user_shut_free(zone, CELLAR_GATE_NO_KEG, true);
        return zone->size != 0 ? 0 : EINVAL;
    }
    if (primary != NULL) {
        zone->zone_keg = primary->zone_keg;
        zone->cpu_stride = primary->cpu_stride;
        zone->is_secondary = true;
    } else {
        error = user_make_keg(zone);
    }
    if (error == 0) {
        zone->keg = &zone->zone_keg->keg;
        zone->size = zone->keg->geometry.size;
        uint64_t mask = cellar__threads_acquire();
        cellar__list_append(&zone->zone_keg->zones, &zone->on_keg);
        cellar__threads_release(mask);
    }
    return error;
}

static int user_enter(struct cellar_zone *zone)
{
    struct cellar__zone_attr base = {
        .size = zone->size,
        .backend = zone->attr.arena != NULL ? &user_arena_backend
                   : zone->keg != NULL      ? &user_keg_backend
                                            : &user_source_backend,
        .source = zone,
    };
    struct cellar__fmt name;
    cellar__fmt_init(&name, base.name, sizeof base.name);
    cellar__fmt_print(&name, "%s", zone->attr.name != NULL ? zone->attr.name : "zone");
    int status = cellar__zone_enter(&zone->base, &base);
    if (status != 0) {
        return -status;
    }
    unsigned id = zone->base.id;
    zone->chunk_offset = (uint32_t)(offsetof(struct cellar__thread, chunks) +
                                    (id >> CELLAR_THREAD_LG_CHUNK) * sizeof(ptrdiff_t));
    zone->cache_home = cellar__thread_cache_home(id);
    zone->attr.name = zone->base.attr.name;
    return 0;
}

/* Ends the keg with the last zone on it. */
static void user_detach(struct cellar_zone *zone)
{
    if (zone->zone_keg == NULL) {
        return;
    }
    uint64_t mask = cellar__threads_acquire();
    cellar__list_remove(&zone->on_keg);
    bool is_last = cellar__list_is_empty(&zone->zone_keg->zones);
    cellar__threads_release(mask);
    if (is_last) {
        cellar__keg_fini(zone->keg);
        cellar__user_meta_free(zone->zone_keg, sizeof *zone->zone_keg);
    }
}

/* What may be done only once the zone can be found. */
static int user_finish(struct cellar_zone *zone)
{
    if (zone->attr.max_cached != 0) {
        cellar__limit_set_cached(zone, zone->attr.max_cached);
    }
    if ((zone->attr.flags & CELLAR_ZONE_DEBUG) != 0) {
        cellar__debug_set(zone, true);
    } else {
        cellar__user_set_caching(zone);
    }
    return -cellar__stock_set(zone, zone->attr.reserve);
}

struct cellar_zone *cellar__user_create(const struct cellar_zone_attr *attr, struct cellar_zone *primary,
                                        const struct cellar_zone_source *source, int *ret_error)
{
    if (!user_attr_is_good(attr, primary, source)) {
        *ret_error = EINVAL;
        return NULL;
    }
    struct cellar_zone *zone = cellar__user_meta_alloc(sizeof *zone);
    if (zone == NULL) {
        *ret_error = ENOMEM;
        return NULL;
    }
    user_fill(zone, attr);
    int error = user_attach(zone, primary, source);
    if (error == 0) {
        error = user_enter(zone);
        if (error == 0) {
            error = user_finish(zone);
            if (error == 0) {
                if (zone->attr.smr != NULL) {
                    cellar__smr_attach(zone->attr.smr);
                }
                cellar__zone_show(&zone->base);
                return zone;
            }
            cellar__zone_leave(&zone->base);
        }
        user_detach(zone);
    }
    cellar__user_meta_free(zone, sizeof *zone);
    *ret_error = error;
    return NULL;
}

size_t cellar__user_end(struct cellar_zone *zone)
{
    if (zone->attr.smr != NULL) {
        cellar__retire_end(zone);
    }
    cellar__stock_set(zone, 0);
    cellar__zone_leave(&zone->base);
    size_t nleaked = __atomic_load_n(&zone->nheld, __ATOMIC_RELAXED);
    user_detach(zone);
    cellar__user_meta_free(zone, sizeof *zone);
    return nleaked;
}

size_t cellar__user_destroy(struct cellar_zone *zone)
{
    char name[CELLAR_ZONE_NAME_SIZE];
    memcpy(name, zone->base.attr.name, sizeof name);
    size_t nleaked = cellar__user_end(zone);
    if (nleaked != 0) {
        cellar__message("zone %s: destroyed with %zu item%s still out", name, nleaked,
                        nleaked == 1 ? "" : "s");
    }
    return nleaked;
}

struct cellar_zone *cellar__user_find(const void *addr, struct cellar__slab **ret_slab)
{
    struct cellar__run *run = cellar__page_map_tag(addr) == 0 ? cellar__run_find(addr) : NULL;
    if (run == NULL || run->kind != CELLAR_RUN_SLAB) {
        return NULL;
    }
    *ret_slab = (struct cellar__slab *)run;
    struct cellar__zone_keg *zone_keg = CELLAR_CONTAINER((*ret_slab)->keg, struct cellar__zone_keg, keg);
    uint64_t mask = cellar__threads_acquire();
    struct cellar_zone *zone = NULL;
    if (!cellar__list_is_empty(&zone_keg->zones)) {
        zone = CELLAR_CONTAINER(zone_keg->zones.next, struct cellar_zone, on_keg);
    }
    cellar__threads_release(mask);
    return zone;
}

/* The keg of the zone with that id, if it is a program's. */
static struct cellar__zone_keg *user_keg_of(unsigned id)
{
    struct cellar__zone *base = cellar__zone_get((uint16_t)id);
    return base == NULL ? NULL : cellar__user_of(base)->zone_keg;
}

void cellar__user_fork_acquire(void)
{
    for (unsigned id = CELLAR_THREAD_NCACHES; id < cellar__zone_id_end(); id++) {
        struct cellar__zone_keg *zone_keg = user_keg_of(id);
        if (zone_keg != NULL && !zone_keg->is_fork_locked) { /* zones may share it */
            cellar__keg_lock(&zone_keg->keg);
            zone_keg->is_fork_locked = true;
        }
    }
}

void cellar__user_fork_release(void)
{
    for (unsigned id = cellar__zone_id_end(); id > CELLAR_THREAD_NCACHES; id--) {
        struct cellar__zone_keg *zone_keg = user_keg_of(id - 1);
        if (zone_keg != NULL && zone_keg->is_fork_locked) {
            zone_keg->is_fork_locked = false;
            cellar__lock_release(&zone_keg->keg.lock);
        }
    }
}
