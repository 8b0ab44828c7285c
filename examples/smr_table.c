/*
 * A hash table on an SMR zone, read without a lock. A writer takes its lock, takes a node out and frees it; the zone uses
 * it again when no reader can hold it any more.
 *
 *     cc smr_table.c -pthread $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     3 readers and a writer: no reader met a freed node
 *     a reader held the label that was replaced, and then did not
 *     all nodes came back
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cellar/smr.h>
#include <cellar/zone.h>

enum { NBUCKETS = 64, NKEYS = 256, NREADERS = 3, NCHANGES = 100000 };

struct node {
    struct node *next; /* atomic: readers follow it while a writer changes it */
    unsigned key;
    unsigned value; /* key * 10; a freed node has another */
};

CELLAR_ZONE_TYPED(struct node, node)

struct table {
    struct node *buckets[NBUCKETS]; /* atomic */
    pthread_mutex_t lock;           /* of writers */
    struct cellar_smr *smr;
    struct cellar_zone *nodes;
    char *label; /* atomic; from malloc */
};

static void *need(void *block)
{
    if (block == NULL) {
        perror("smr_table");
        exit(1);
    }
    return block;
}

/* The value of a key, or -1. What a section yields is copied out of it. */
static long table_find(struct table *table, unsigned key)
{
    long value = -1;
    cellar_smr_enter(table->smr);
    const struct node *node = __atomic_load_n(&table->buckets[key % NBUCKETS], __ATOMIC_ACQUIRE);
    while (node != NULL && node->key != key) {
        node = __atomic_load_n(&node->next, __ATOMIC_ACQUIRE);
    }
    if (node != NULL) {
        value = node->value;
    }
    cellar_smr_exit(table->smr);
    return value;
}

/* A node is filled before the store that lets readers see it. */
static void table_insert(struct table *table, unsigned key)
{
    struct node *node = need(node_alloc(table->nodes, 0));
    struct node **bucket = &table->buckets[key % NBUCKETS];
    node->key = key;
    node->value = key * 10;
    pthread_mutex_lock(&table->lock);
    node->next = *bucket;
    __atomic_store_n(bucket, node, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&table->lock);
}

/* Runs when no reader can hold the node; one that did would tell. */
static void node_dtor(void *item, size_t size, void *arg, void *ctx)
{
    struct node *node = item;
    (void)size;
    (void)arg;
    (void)ctx;
    node->value = 1;
}

/* Takes the node out of the chain. Readers in it go on: its own next stays as it is. */
static struct node *table_unlink(struct table *table, unsigned key)
{
    pthread_mutex_lock(&table->lock);
    struct node **link = &table->buckets[key % NBUCKETS];
    while (*link != NULL && (*link)->key != key) {
        link = &(*link)->next;
    }
    struct node *node = *link;
    if (node != NULL) {
        __atomic_store_n(link, node->next, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&table->lock);
    return node;
}

/* Outside the lock: when many nodes wait, free waits for readers. */
static void table_remove(struct table *table, unsigned key)
{
    node_free(table->nodes, table_unlink(table, key));
}

static bool readers_end; /* atomic */
static size_t nmistakes; /* atomic */

static void *reader_run(void *arg)
{
    for (unsigned key = 0; !__atomic_load_n(&readers_end, __ATOMIC_RELAXED); key = (key + 1) % NKEYS) {
        long value = table_find(arg, key);
        if (value != -1 && value != (long)key * 10) {
            __atomic_add_fetch(&nmistakes, 1, __ATOMIC_RELAXED);
        }
    }
    return NULL;
}

static void read_and_write(struct table *table)
{
    pthread_t readers[NREADERS];
    for (size_t i = 0; i < NREADERS; i++) {
        if (pthread_create(&readers[i], NULL, reader_run, table) != 0) {
            exit(1);
        }
    }
    for (unsigned i = 0; i < NCHANGES; i++) {
        unsigned key = i * 7919u % NKEYS;
        table_remove(table, key);
        table_insert(table, key);
    }
    __atomic_store_n(&readers_end, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < NREADERS; i++) {
        pthread_join(readers[i], NULL);
    }
    printf("%d readers and a writer: %s\n", NREADERS,
           nmistakes == 0 ? "no reader met a freed node" : "a reader met a freed node");
}

static void label_free(void *label, void *ctx)
{
    (void)ctx;
    free(label);
}

/* The same for what no zone has: retire defers any function; a goal stands for everything that was taken out before it. */
static void relabel(struct table *table, const char *text)
{
    cellar_smr_enter(table->smr);
    char *old = __atomic_exchange_n(&table->label, need(strdup(text)), __ATOMIC_ACQ_REL);
    uint64_t goal = cellar_smr_advance(table->smr);
    bool was_held = !cellar_smr_poll(table->smr, goal); /* by ourselves */
    cellar_smr_exit(table->smr);
    if (cellar_smr_retire(table->smr, old, label_free, NULL) != 0) {
        exit(1);
    }
    if (cellar_smr_wait(table->smr, goal) == 0 && was_held) {
        puts("a reader held the label that was replaced, and then did not");
    }
}

int main(void)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .name = "table", .max_pending = 1000};
    struct table table = {.lock = PTHREAD_MUTEX_INITIALIZER, .smr = need(cellar_smr_create(&attr))};
    struct cellar_zone_attr nodes = {
        .version = CELLAR_ZONE_ATTR_VERSION, .dtor = node_dtor, .smr = table.smr};
    table.nodes = need(node_zone_create(&nodes));
    table.label = need(strdup("old"));
    for (unsigned key = 0; key < NKEYS; key++) {
        table_insert(&table, key);
    }
    read_and_write(&table);
    relabel(&table, "new");
    for (unsigned key = 0; key < NKEYS; key++) {
        table_remove(&table, key);
    }
    struct cellar_smr_usage usage;
    cellar_smr_drain(table.smr);
    cellar_smr_get_usage(table.smr, &usage);
    if (usage.pending == 0 && cellar_zone_destroy(table.nodes) == 0) {
        puts("all nodes came back");
    }
    free(table.label);
    return cellar_smr_destroy(table.smr) == 0 ? 0 : 1;
}
