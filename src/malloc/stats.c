#include "malloc/stats.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cellar/cellar.h>

#include "arena/budget.h"
#include "arena/dirty.h"
#include "base/bits.h"
#include "large/huge.h"
#include "malloc/heap.h"
#include "malloc/options.h"
#include "meta/meta.h"
#include "os/os.h"
#include "submap/window.h"
#include "zone/thread.h"
#include "zone/walk.h"

struct stats_caches {
    size_t in_buckets[CELLAR_CLASS_END];
    uint64_t nrequests[CELLAR_CLASS_END];
};

__attribute__((no_sanitize("thread"))) static void stats_visit_thread(void *ctx,
                                                                      struct cellar__thread *thread)
{
    struct stats_caches *caches = ctx;
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        caches->in_buckets[id] += cellar__cache_nitems(&thread->caches[id]);
        caches->nrequests[id] += thread->caches[id].nrequests + cellar__cache_nleft(&thread->caches[id]);
    }
}

static void stats_slab_zone(struct cellar__stat_zone *zone, unsigned id, size_t *ret_out)
{
    struct cellar__keg_usage usage;
    cellar__keg_usage(cellar__heap_keg(id), &usage);
    zone->nslabs = usage.nslabs;
    zone->slab_bytes = usage.slab_bytes;
    zone->in_slabs = usage.nitems - usage.nout;
    *ret_out = usage.nout;
}

static void stats_run_zone(struct cellar__stat_zone *zone, unsigned id, size_t *ret_out)
{
    struct cellar__large_source *source = cellar__heap_source(id);
    *ret_out = __atomic_load_n(&source->nout, __ATOMIC_RELAXED);
    zone->nslabs = *ret_out;
    zone->slab_bytes = (*ret_out * source->ngranules) << CELLAR_LG_GRANULE;
}

/* Other threads run on meanwhile, so counts taken one after the other may not add up: live is cut at 0. */
static void stats_zone(struct cellar__stat_zone *stat, unsigned id, const struct stats_caches *caches)
{
    struct cellar__zone *zone = cellar__zone_get((uint16_t)id);
    uint64_t nrequests = caches->nrequests[id] + __atomic_load_n(&zone->retired_requests, __ATOMIC_RELAXED);
    uint64_t nsamples = __atomic_load_n(&zone->nsamples, __ATOMIC_RELAXED);
    size_t out;
    *stat = (struct cellar__stat_zone){
        .name = zone->attr.name,
        .kind = zone->attr.backend->kind,
        .item_size = zone->attr.size,
        .nrequests = cellar__max(nrequests, nsamples), /* a sample is a request, whatever came back since */
        .nsamples = nsamples,
        .sampled_requested = __atomic_load_n(&zone->sampled_requested, __ATOMIC_RELAXED),
    };
    if (id <= CELLAR_CLASS_NSLAB) {
        stats_slab_zone(stat, id, &out);
    } else {
        stats_run_zone(stat, id, &out);
    }
    stat->in_buckets = cellar__min(caches->in_buckets[id] + cellar__depot_nitems(&zone->depot), out);
    stat->nlive = out - stat->in_buckets;
}

/* A zone of the program. Slabs that several share are counted with the oldest. */
static void stats_user_zone(struct cellar__stat_zone *stat, struct cellar_zone *zone)
{
    struct cellar_zone_usage usage;
    cellar__walk_stats(zone, &usage);
    *stat = (struct cellar__stat_zone){
        .name = zone->base.attr.name,
        .kind = zone->base.attr.backend->kind,
        .item_size = zone->size,
        .nrequests = usage.requests,
        .nlive = usage.used,
        .in_buckets = usage.cached,
    };
    if (zone->keg != NULL && !zone->is_secondary) {
        stat->in_slabs = usage.free;
        stat->slab_bytes = usage.slab_bytes;
        stat->nslabs = usage.slab_bytes / ((size_t)zone->keg->geometry.ngranules << CELLAR_LG_GRANULE);
    }
}

static void stats_user_zones(struct cellar__stat_record *record)
{
    struct cellar__zone *base;
    unsigned id = CELLAR_THREAD_NCACHES;
    while (record->nzones < CELLAR_STAT_MAX_ZONES && (base = cellar__zone_pin_next(&id)) != NULL) {
        stats_user_zone(&record->zones[record->nzones++], cellar__user_of(base));
        cellar__zone_unpin(base);
    }
}

static void stats_zones(struct cellar__stat_record *record)
{
    struct stats_caches caches = {0};
    cellar__thread_walk(stats_visit_thread, &caches);
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        struct cellar__stat_zone *zone = &record->zones[record->nzones];
        if (cellar__zone_get((uint16_t)id) == NULL) {
            continue;
        }
        stats_zone(zone, id, &caches);
        record->nzones += zone->nrequests != 0 || zone->nslabs != 0;
    }
}

static void stats_process(struct cellar__stat_record *record)
{
    struct cellar__usage usage;
    cellar__os_usage(&usage);
    record->version = CELLAR_VERSION;
    record->pid = cellar__os_pid();
    record->ppid = cellar__os_parent_pid();
    cellar__os_program(record->program, sizeof record->program);
    record->page_size = cellar__os_machine()->page_size;
    record->granule = CELLAR_GRANULE;
    record->peak_rss = usage.peak_rss;
    record->wall_ns = usage.wall_ns;
    record->user_ns = usage.user_ns;
    record->system_ns = usage.system_ns;
    record->minor_faults = usage.minor_faults;
    record->nthreads = cellar__thread_count();
}

static void stats_maps(struct cellar__stat_record *record)
{
    struct cellar__meta_usage meta;
    cellar__meta_usage(&meta);
    record->meta_reserved = meta.reserved;
    record->meta_used = meta.used;
    size_t ntags = cellar__max(cellar__page_map.ngranules, cellar__page_map.near_end);
    record->page_map_reserved = ntags * sizeof(uint16_t) + cellar__page_map.ngranules * sizeof(uint32_t);
    size_t nslots = cellar__window_count();
    for (size_t i = 0; i < nslots; i++) {
        const struct cellar__submap *window = cellar__window_get(i);
        if (window->size == 0) {
            continue;
        }
        record->submaps[record->nsubmaps++] = (struct cellar__stat_submap){
            .base = window->base,
            .reserved = window->size,
            .committed = __atomic_load_n(&window->committed, __ATOMIC_RELAXED),
        };
    }
}

static void stats_heap(struct cellar__stat_record *record)
{
    struct cellar__arena_usage arena;
    struct cellar__huge_usage huge;
    cellar__arena_usage(&cellar__heap_arena, &arena);
    cellar__huge_usage(&huge);
    record->arena = (struct cellar__stat_arena){
        .name = cellar__heap_arena.attr.name,
        .fit = cellar__heap_arena.attr.fit->name,
        .quantum = cellar__heap_arena.attr.quantum,
        .imported = arena.total,
        .allocated = arena.allocated,
        .free_below_top = arena.free_below,
        .largest_free_below_top = arena.largest_free_below,
        .nsegments = arena.nsegments,
        .nfree = arena.nfree,
    };
    record->huge.nrequests = huge.nrequests;
    record->huge.nlive = huge.nlive;
    record->huge.live_bytes = huge.live_bytes;
    record->huge.ncached = huge.ncached;
    record->huge.cached_bytes = huge.cached_bytes;
    record->dirty_bytes = cellar__dirty_bytes();
    record->held = cellar__budget_held();
    record->peak_held = cellar__budget_peak();
}

bool cellar__stats_collect(struct cellar__stat_record *record)
{
    memset(record, 0, sizeof *record);
    if (!cellar__heap_start()) {
        return false;
    }
    uint64_t mask = cellar__os_signals_block();
    cellar__lock_forget_held();
    stats_process(record);
    stats_maps(record);
    stats_heap(record);
    stats_zones(record);
    stats_user_zones(record);
    cellar__os_signals_restore(mask);
    return true;
}

static int stats_write_fd(void *ctx, const char *text, size_t length)
{
    return cellar__os_write(*(int *)ctx, text, length);
}

int cellar_stats_print(int fd, enum cellar_stats_format format)
{
    struct cellar__stat_record record;
    struct cellar__stat_sink sink = {.write = stats_write_fd, .ctx = &fd};
    if (!cellar__stats_collect(&record)) {
        return -ENOMEM;
    }
    return format == CELLAR_STATS_JSON ? cellar__stat_print_json(&record, &sink)
                                       : cellar__stat_print_text(&record, &sink);
}

/* A record for a file is put together first, so that processes that end together do not mix their lines. */
struct stats_page {
    size_t length;
    char text[64u << 10];
};

static int stats_write_page(void *ctx, const char *text, size_t length)
{
    struct stats_page *page = ctx;
    if (length > sizeof page->text - page->length) {
        return -E2BIG;
    }
    memcpy(page->text + page->length, text, length);
    page->length += length;
    return 0;
}

/* Exit handlers run in one thread. */
CELLAR_APART struct stats_page cellar__stats_page;
CELLAR_APART struct cellar__stat_record cellar__stats_record;

static void stats_append(const struct cellar__stat_record *record, const struct cellar__options *options)
{
    struct stats_page *page = &cellar__stats_page;
    struct cellar__stat_sink sink = {.write = stats_write_page, .ctx = page};
    int status = options->stats_at_exit == CELLAR_EXIT_JSON ? cellar__stat_print_json(record, &sink)
                                                            : cellar__stat_print_text(record, &sink);
    if (status == 0) {
        cellar__os_append(options->stats_file, page->text, page->length);
    }
}

void cellar__stats_at_exit(void)
{
    const struct cellar__options *options = cellar__options_get();
    if (!cellar__heap_is_started) { /* a program that never allocated may still be asked for its statistics */
        cellar__options_read();
    }
    if (options->stats_at_exit == CELLAR_EXIT_OFF) {
        return;
    }
    if (options->stats_file[0] == '\0') {
        cellar_stats_print(STDERR_FILENO, options->stats_at_exit == CELLAR_EXIT_JSON ? CELLAR_STATS_JSON
                                                                                     : CELLAR_STATS_TEXT);
    } else if (cellar__stats_collect(&cellar__stats_record)) {
        stats_append(&cellar__stats_record, options);
    }
}
