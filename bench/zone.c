/*
 * Objects from a zone beside objects from malloc: the same work, once with cellar_zone_alloc on a zone whose init has made
 * the object ready, once with malloc and a constructor for each object.
 *
 *   session   one object with an expensive constructor is allocated, used and freed, again and again
 *   pool      the same, each time in the place of a random one of 1,000 that are live
 *   bulk      100 plain objects of 128 bytes are allocated, used, and freed, by batches in the zone
 *   cross     one thread allocates plain objects, another frees them
 *
 * Prints nanoseconds an object. The program is linked with libcellar-api, so that malloc is libc's or the preloaded one.
 */
#include "bench.h"

#include <pthread.h>
#include <string.h>

#include <cellar/zone.h>

enum { ZONE_NHEADS = 64, ZONE_NLIVE = 1000, ZONE_BATCH = 100, ZONE_RING = 1024 };

static const char ZONE_USAGE[] = "zone session|pool|bulk|cross malloc|zone OBJECTS";

struct zone_head {
    struct zone_head *next;
    struct zone_head *prev;
};

/* A lock, a condition and a table of 64 empty lists: what a connection or a session has. */
struct zone_session {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct zone_head heads[ZONE_NHEADS];
    uint64_t uses;
};

struct zone_plain {
    uint64_t words[16];
};

static struct cellar_zone *zone_used; /* NULL: malloc */

static int zone_session_init(void *item, size_t size, void *ctx)
{
    struct zone_session *session = item;
    (void)size;
    (void)ctx;
    pthread_mutex_init(&session->lock, NULL);
    pthread_cond_init(&session->changed, NULL);
    for (size_t i = 0; i < ZONE_NHEADS; i++) {
        session->heads[i].next = session->heads[i].prev = &session->heads[i];
    }
    session->uses = 0;
    return 0;
}

static void zone_session_fini(void *item, size_t size, void *ctx)
{
    struct zone_session *session = item;
    (void)size;
    (void)ctx;
    pthread_cond_destroy(&session->changed);
    pthread_mutex_destroy(&session->lock);
}

static void *zone_need(void *object)
{
    if (object == NULL) {
        perror("bench: zone");
        exit(1);
    }
    return object;
}

static struct zone_session *zone_session_alloc(void)
{
    if (zone_used != NULL) {
        return zone_need(cellar_zone_alloc(zone_used, NULL, 0));
    }
    struct zone_session *session = zone_need(malloc(sizeof *session));
    zone_session_init(session, sizeof *session, NULL);
    return session;
}

static void zone_session_free(struct zone_session *session)
{
    if (zone_used != NULL) {
        cellar_zone_free(zone_used, session, NULL);
        return;
    }
    zone_session_fini(session, sizeof *session, NULL);
    free(session);
}

static void zone_session_use(struct zone_session *session)
{
    pthread_mutex_lock(&session->lock);
    session->uses++;
    pthread_mutex_unlock(&session->lock);
}

static void zone_run_session(size_t nobjects)
{
    for (size_t i = 0; i < nobjects; i++) {
        struct zone_session *session = zone_session_alloc();
        zone_session_use(session);
        zone_session_free(session);
    }
}

static void zone_run_pool(size_t nobjects)
{
    uint64_t random = BENCH_SEED;
    struct zone_session **live = (struct zone_session **)bench_table_map(ZONE_NLIVE);
    for (size_t i = 0; i < nobjects; i++) {
        size_t at = bench_random_below(bench_random(&random), ZONE_NLIVE);
        if (live[at] != NULL) {
            zone_session_free(live[at]);
        }
        live[at] = zone_session_alloc();
        zone_session_use(live[at]);
    }
}

static void zone_run_bulk(size_t nobjects)
{
    void *items[ZONE_BATCH];
    for (size_t done = 0; done < nobjects; done += ZONE_BATCH) {
        if (zone_used == NULL) {
            for (size_t i = 0; i < ZONE_BATCH; i++) {
                items[i] = zone_need(malloc(sizeof(struct zone_plain)));
            }
        } else if (cellar_zone_alloc_batch(zone_used, items, ZONE_BATCH, NULL, 0) != ZONE_BATCH) {
            zone_need(NULL);
        }
        for (size_t i = 0; i < ZONE_BATCH; i++) {
            *(volatile uint64_t *)items[i] = i;
        }
        if (zone_used != NULL) {
            cellar_zone_free_batch(zone_used, items, ZONE_BATCH, NULL);
            continue;
        }
        for (size_t i = 0; i < ZONE_BATCH; i++) {
            free(items[i]);
        }
    }
}

/* A ring between one writer and one reader. */
static struct {
    void *slots[ZONE_RING];
    size_t nwritten; /* atomic */
    char apart[64];
    size_t nread; /* atomic */
} zone_ring;

static void *zone_reader_run(void *arg)
{
    size_t nobjects = *(size_t *)arg;
    for (size_t i = 0; i < nobjects; i++) {
        while (__atomic_load_n(&zone_ring.nwritten, __ATOMIC_ACQUIRE) == i) {
        }
        void *item = zone_ring.slots[i % ZONE_RING];
        __atomic_store_n(&zone_ring.nread, i + 1, __ATOMIC_RELEASE);
        if (zone_used != NULL) {
            cellar_zone_free(zone_used, item, NULL);
        } else {
            free(item);
        }
    }
    return NULL;
}

static void zone_run_cross(size_t nobjects)
{
    pthread_t reader;
    zone_ring.nwritten = zone_ring.nread = 0;
    if (pthread_create(&reader, NULL, zone_reader_run, &nobjects) != 0) {
        zone_need(NULL);
    }
    for (size_t i = 0; i < nobjects; i++) {
        void *item = zone_need(zone_used != NULL ? cellar_zone_alloc(zone_used, NULL, 0)
                                                 : malloc(sizeof(struct zone_plain)));
        *(volatile uint64_t *)item = i;
        while (i - __atomic_load_n(&zone_ring.nread, __ATOMIC_ACQUIRE) == ZONE_RING) {
        }
        zone_ring.slots[i % ZONE_RING] = item;
        __atomic_store_n(&zone_ring.nwritten, i + 1, __ATOMIC_RELEASE);
    }
    pthread_join(reader, NULL);
}

static const struct zone_workload {
    const char *name;
    void (*run)(size_t nobjects);
    size_t size;
    bool has_init;
} ZONE_WORKLOADS[] = {
    {"session", zone_run_session, sizeof(struct zone_session), true},
    {"pool", zone_run_pool, sizeof(struct zone_session), true},
    {"bulk", zone_run_bulk, sizeof(struct zone_plain), false},
    {"cross", zone_run_cross, sizeof(struct zone_plain), false},
};

static const struct zone_workload *zone_workload_find(const char *name)
{
    for (size_t i = 0; i < sizeof ZONE_WORKLOADS / sizeof *ZONE_WORKLOADS; i++) {
        if (strcmp(ZONE_WORKLOADS[i].name, name) == 0) {
            return &ZONE_WORKLOADS[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct zone_workload *workload = argc == 4 ? zone_workload_find(argv[1]) : NULL;
    if (workload == NULL || (strcmp(argv[2], "zone") != 0 && strcmp(argv[2], "malloc") != 0)) {
        fprintf(stderr, "usage: %s\n", ZONE_USAGE);
        return 2;
    }
    size_t nobjects = bench_number_get(argv[3], 1, SIZE_MAX / 2, ZONE_USAGE);
    if (strcmp(argv[2], "zone") == 0) {
        struct cellar_zone_attr attr = {
            .version = CELLAR_ZONE_ATTR_VERSION,
            .name = workload->name,
            .size = workload->size,
            .init = workload->has_init ? zone_session_init : NULL,
            .fini = workload->has_init ? zone_session_fini : NULL,
        };
        zone_used = zone_need(cellar_zone_create(&attr));
    }
    workload->run(nobjects / 10 + 1); /* warm */
    uint64_t start_ns = bench_clock_ns();
    workload->run(nobjects);
    printf("%.3f\n", (double)(bench_clock_ns() - start_ns) / (double)nobjects);
    return 0;
}
