/*
 * What zones can do, one part after the other.
 *
 *     cc zone.c $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     a session: 7 keys still in place, log "second"
 *     zone sessions: 1 used of at most 4, 2 requests, 0 failed
 *     the limit is met: exhausted yes, errno EAGAIN yes
 *     the reserve still serves: yes
 *     batch of 1000 records: 1000 given, owner of one: records, live
 *     walked: 1000 live
 *     the same slabs, another zone: drafts
 *     numbers from a source: 1 2 3
 *     spare memory given up: 1 time
 *     counted on all CPUs: 100
 *     zones of this program: 6
 *     leaked: 1 item of zone records
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cellar/zone.h>

/* Every failure ends the example. */
static void *need(void *pointer)
{
    if (pointer == NULL) {
        perror("zone");
        exit(1);
    }
    return pointer;
}

static void need_good(int status)
{
    if (status != 0) {
        fprintf(stderr, "zone: %s\n", strerror(-status));
        exit(1);
    }
}

static const char *yes(bool answer)
{
    return answer ? "yes" : "no";
}

/* ---- an object that is expensive to set up: init once, ctor for each use ---- */

struct session {
    int keys[7]; /* set up by init, and left as they are by whoever uses the session */
    char log[32];
};

static int session_init(void *item, size_t size, void *ctx)
{
    struct session *session = item;
    (void)size;
    (void)ctx;
    for (int i = 0; i < 7; i++) {
        session->keys[i] = i * i;
    }
    return 0;
}

static int session_ctor(void *item, size_t size, void *arg, void *ctx, unsigned flags)
{
    struct session *session = item;
    (void)size;
    (void)ctx;
    (void)flags;
    snprintf(session->log, sizeof session->log, "%s", (const char *)arg);
    return 0;
}

static struct cellar_zone *sessions(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION,
                                    .name = "sessions",
                                    .size = sizeof(struct session),
                                    .ctor = session_ctor,
                                    .init = session_init};
    struct cellar_zone *zone = need(cellar_zone_create(&attr));
    need_good(cellar_zone_set_max(zone, 4));
    cellar_zone_free(zone, need(cellar_zone_alloc(zone, "first", 0)), NULL);
    struct session *session = need(cellar_zone_alloc_timed(zone, "second", 0, 1000000));
    int good = 0;
    for (int i = 0; i < 7; i++) {
        good += session->keys[i] == i * i;
    }
    printf("a session: %d keys still in place, log \"%s\"\n", good, session->log);
    struct cellar_zone_usage stats;
    cellar_zone_get_usage(zone, &stats);
    printf("zone %s: %zu used of at most %zu, %lu requests, %lu failed\n", stats.name, stats.used,
           stats.max_items, (unsigned long)stats.requests, (unsigned long)stats.fails);
    cellar_zone_free(zone, session, NULL);
    return zone;
}

static void on_limit(struct cellar_zone *zone, void *ctx)
{
    (void)zone;
    (void)ctx;
}

static void limits(struct cellar_zone *zone)
{
    void *held[4];
    cellar_zone_set_warning(zone, NULL);
    cellar_zone_set_action(zone, on_limit);
    need_good(cellar_zone_set_reserve(zone, 1));
    for (int i = 0; i < 3; i++) {
        held[i] = need(cellar_zone_alloc(zone, "", 0));
    }
    errno = 0;
    void *none = cellar_zone_alloc(zone, "", CELLAR_ZONE_NOWAIT);
    printf("the limit is met: exhausted %s, errno EAGAIN %s\n", yes(cellar_zone_is_exhausted(zone)),
           yes(none == NULL && errno == EAGAIN));
    held[3] = cellar_zone_alloc(zone, "", CELLAR_ZONE_NOWAIT | CELLAR_ZONE_USE_RESERVE);
    printf("the reserve still serves: %s\n", yes(held[3] != NULL));
    cellar_zone_free_batch(zone, held, 4, NULL);
}

/* ---- a static zone, batches, looking inside ---- */

struct record {
    long fields[6];
};

CELLAR_ZONE_STATIC(records, .name = "records", .size = sizeof(struct record));

static int count_live(void *item, enum cellar_zone_state state, void *ctx)
{
    (void)item;
    *(size_t *)ctx += state == CELLAR_ZONE_LIVE;
    return 0;
}

static struct cellar_zone *inside(void)
{
    static void *items[1000];
    struct cellar_zone *zone =
        need(cellar_zone_static_get(&records)); /* calls cellar_zone_static_make once */
    struct cellar_zone_owner owner;
    struct cellar_zone_usage stats;
    size_t nlive = 0;
    need_good(cellar_zone_prealloc(zone, 1000));
    size_t got = cellar_zone_alloc_batch(zone, items, 1000, NULL, CELLAR_ZONE_ZERO);
    need_good(cellar_zone_find_owner((char *)items[500] + 20, &owner));
    cellar_zone_get_usage(owner.zone, &stats);
    printf("batch of 1000 records: %zu given, owner of one: %s, %s\n", got, stats.name,
           owner.item == items[500] && owner.state == CELLAR_ZONE_LIVE ? "live" : "not live");
    need_good(cellar_zone_walk(zone, count_live, &nlive));
    printf("walked: %zu live\n", nlive);
    need_good(cellar_zone_set_debug(zone, true)); /* from here each free is checked at once */
    cellar_zone_free_batch(zone, items, 999, NULL);
    need_good(cellar_zone_set_debug(zone, false));
    return zone;
}

/* ---- kinds of zones ---- */

static struct cellar_zone *secondary(struct cellar_zone *primary)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "drafts"};
    struct cellar_zone *zone = need(cellar_zone_create_secondary(primary, &attr));
    struct cellar_zone_usage stats;
    cellar_zone_free(zone, need(cellar_zone_alloc(zone, NULL, 0)), NULL);
    cellar_zone_get_usage(zone, &stats);
    printf("the same slabs, another zone: %s\n", stats.name);
    return zone;
}

static size_t next_number;

static size_t numbers_import(void *ctx, void **items, size_t n)
{
    (void)ctx;
    for (size_t i = n; i > 0; i--) { /* the last of the array goes out first */
        items[n - i] = (void *)(next_number + n - i + 1);
    }
    next_number += n;
    return n;
}

static void numbers_release(void *ctx, void **items, size_t n)
{
    (void)ctx;
    (void)items;
    (void)n;
}

static struct cellar_zone *numbers(void)
{
    static const struct cellar_zone_source source = {numbers_import, numbers_release};
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION, .name = "numbers"};
    struct cellar_zone *zone = need(cellar_zone_create_cache(&attr, &source));
    void *items[3];
    for (int i = 0; i < 3; i++) {
        items[i] = need(cellar_zone_alloc(zone, NULL, 0));
    }
    printf("numbers from a source: %zu %zu %zu\n", (size_t)items[0], (size_t)items[1], (size_t)items[2]);
    cellar_zone_free_batch(zone, items, 3, NULL);
    cellar_zone_set_max_cached(zone, 10);
    return zone;
}

static struct cellar_zone *per_cpu(void)
{
    struct cellar_zone_attr attr = {.version = CELLAR_ZONE_ATTR_VERSION,
                                    .name = "counters",
                                    .size = sizeof(long),
                                    .flags = CELLAR_ZONE_PER_CPU};
    struct cellar_zone *zone = need(cellar_zone_create(&attr));
    long *counter = need(cellar_zone_alloc(zone, NULL, CELLAR_ZONE_ZERO));
    long sum = 0;
    for (int i = 0; i < 100; i++) {
        __atomic_add_fetch((long *)cellar_zone_cpu_current(zone, counter), 1, __ATOMIC_RELAXED);
    }
    for (unsigned cpu = 0; cpu < cellar_zone_cpu_count(); cpu++) {
        sum += *(long *)cellar_zone_cpu_item(zone, counter, cpu);
    }
    cellar_zone_free(zone, counter, NULL);
    printf("counted on all CPUs: %ld\n", sum);
    return zone;
}

/* ---- when memory is short ---- */

static bool give_up_spare(void *ctx)
{
    bool has_spare = *(size_t *)ctx == 0;
    *(size_t *)ctx += 1;
    return has_spare;
}

static struct cellar_zone *pressure(void)
{
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION, .name = "single", .size = 64, .max_items = 1};
    struct cellar_zone *zone = need(cellar_zone_create(&attr));
    void *item = need(cellar_zone_alloc(zone, NULL, 0));
    size_t ntimes = 0;
    need_good(cellar_zone_pressure_add(give_up_spare, &ntimes));
    cellar_zone_alloc(zone, NULL, CELLAR_ZONE_NOWAIT); /* meets the limit */
    need_good(cellar_zone_pressure_remove(give_up_spare, &ntimes));
    printf("spare memory given up: %zu time\n", ntimes);
    cellar_zone_free(zone, item, NULL);
    return zone;
}

static int count_zone(struct cellar_zone *zone, void *ctx)
{
    *(size_t *)ctx += cellar_zone_check(zone) == NULL;
    return 0;
}

int main(void)
{
    struct cellar_zone *zones[6];
    size_t nzones = 0;
    freopen("/dev/null", "w", stderr); /* destroy reports there too */
    zones[0] = sessions();
    limits(zones[0]);
    zones[1] = inside();
    zones[2] = secondary(zones[1]);
    zones[3] = numbers();
    zones[4] = pressure();
    zones[5] = per_cpu();
    need_good(cellar_zone_foreach(count_zone, &nzones));
    printf("zones of this program: %zu\n", nzones);
    cellar_zone_reclaim(zones[1], CELLAR_ZONE_TRIM);
    cellar_zone_reclaim_all(CELLAR_ZONE_DRAIN);
    size_t nleaked = 0;
    for (size_t i = 6; i > 0; i--) {
        nleaked += cellar_zone_destroy(zones[i - 1]);
    }
    printf("leaked: %zu item of zone records\n", nleaked);
    return 0;
}
