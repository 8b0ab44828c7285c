/*
 * A pool of connections: a cache zone over a list of open ones, with a limit at which threads sleep.
 *
 *     cc -pthread connection_pool.c $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     cellar: zone connections: all connections are in use
 *     8 threads made 4000 queries over at most 3 connections at once
 *     3 connections were ever opened, 3 are idle
 *     a query that would not wait long: Connection timed out
 *     closed: 3
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cellar/zone.h>

enum { NTHREADS = 8, NQUERIES = 500, MAX_OPEN = 3 };

/* What a real pool has here is a socket. */
struct connection {
    struct connection *next; /* while it is idle */
    int users;               /* must never be above 1 */
};

static struct server {
    pthread_mutex_t lock;
    struct connection *idle;
    int nidle;
    int nopen;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Idle connections first, then new ones. */
static size_t connections_get(void *ctx, void **items, size_t n)
{
    struct server *to = ctx;
    size_t got = 0;
    pthread_mutex_lock(&to->lock);
    for (; got < n; got++) {
        struct connection *connection = to->idle;
        if (connection != NULL) {
            to->idle = connection->next;
            to->nidle--;
        } else if ((connection = calloc(1, sizeof *connection)) != NULL) {
            to->nopen++;
        } else {
            break;
        }
        items[got] = connection;
    }
    pthread_mutex_unlock(&to->lock);
    return got;
}

static void connections_put(void *ctx, void **items, size_t n)
{
    struct server *to = ctx;
    pthread_mutex_lock(&to->lock);
    for (size_t i = 0; i < n; i++) {
        struct connection *connection = items[i];
        connection->next = to->idle;
        to->idle = connection;
        to->nidle++;
    }
    pthread_mutex_unlock(&to->lock);
}

static int connections_close(void)
{
    int nclosed = 0;
    for (struct connection *next; server.idle != NULL; server.idle = next, nclosed++) {
        next = server.idle->next;
        free(server.idle);
    }
    return nclosed;
}

static struct cellar_zone *pool;

static void *client_run(void *arg)
{
    (void)arg;
    for (int i = 0; i < NQUERIES; i++) {
        struct connection *connection = cellar_zone_alloc(pool, NULL, CELLAR_ZONE_NOFAIL);
        if (__atomic_add_fetch(&connection->users, 1, __ATOMIC_SEQ_CST) != 1) {
            abort();
        }
        sched_yield(); /* the query */
        __atomic_sub_fetch(&connection->users, 1, __ATOMIC_SEQ_CST);
        cellar_zone_free(pool, connection, NULL);
    }
    return NULL;
}

/* UNCACHED: a connection that is free is free for every thread, it does not wait in one's bucket. */
static void pool_create(void)
{
    static const struct cellar_zone_source source = {connections_get, connections_put};
    struct cellar_zone_attr attr = {
        .version = CELLAR_ZONE_ATTR_VERSION,
        .name = "connections",
        .flags = CELLAR_ZONE_UNCACHED,
        .max_items = MAX_OPEN,
        .warning = "all connections are in use",
        .ctx = &server,
    };
    pool = cellar_zone_create_cache(&attr, &source);
    if (pool == NULL) {
        perror("connection_pool");
        exit(1);
    }
}

int main(void)
{
    pthread_t threads[NTHREADS];
    void *held[MAX_OPEN];
    dup2(STDOUT_FILENO, STDERR_FILENO); /* the warning goes to stderr */
    setvbuf(stdout, NULL, _IONBF, 0);
    pool_create();
    if (cellar_zone_alloc_batch(pool, held, MAX_OPEN, NULL, 0) != MAX_OPEN) {
        return 1;
    }
    cellar_zone_alloc(pool, NULL, CELLAR_ZONE_NOWAIT); /* meets the limit */
    cellar_zone_free_batch(pool, held, MAX_OPEN, NULL);

    for (int i = 0; i < NTHREADS; i++) {
        if (pthread_create(&threads[i], NULL, client_run, NULL) != 0) {
            return 1;
        }
    }
    for (int i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%d threads made %d queries over at most %d connections at once\n", NTHREADS, NTHREADS * NQUERIES,
           MAX_OPEN);
    printf("%d connections were ever opened, %d are idle\n", server.nopen, server.nidle);

    if (cellar_zone_alloc_batch(pool, held, MAX_OPEN, NULL, 0) != MAX_OPEN) {
        return 1;
    }
    if (cellar_zone_alloc_timed(pool, NULL, 0, 1000000) == NULL) {
        printf("a query that would not wait long: %s\n", strerror(errno));
    }
    cellar_zone_free_batch(pool, held, MAX_OPEN, NULL);
    cellar_zone_destroy(pool);
    printf("closed: %d\n", connections_close());
    return 0;
}
