/*
 * A hash table that is read without a lock. A writer takes its lock, takes a node out, and retires it; the node is freed
 * when no reader can hold it any more.
 *
 *     cc smr_table.c -pthread $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     3 readers and a writer: no reader met a freed node
 *     a reader held the node that was taken out, and then did not
 *     all nodes came back
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cellar/smr.h>

enum { NBUCKETS = 64, NKEYS = 256, NREADERS = 3, NCHANGES = 100000 };

struct node {
    struct node *next; /* atomic: readers follow it while a writer changes it */
    unsigned key;
    unsigned value; /* key * 10; a freed node has another */
};

struct table {
    struct node *buckets[NBUCKETS]; /* atomic */
    pthread_mutex_t lock;           /* of writers */
    struct cellar_smr *smr;
    size_t nnodes; /* allocated and not freed; atomic */
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
    struct node *node = need(malloc(sizeof *node));
    struct node **bucket = &table->buckets[key % NBUCKETS];
    __atomic_add_fetch(&table->nnodes, 1, __ATOMIC_RELAXED);
    node->key = key;
    node->value = key * 10;
    pthread_mutex_lock(&table->lock);
    node->next = *bucket;
    __atomic_store_n(bucket, node, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&table->lock);
}

static void node_free(void *item, void *ctx)
{
    struct node *node = item;
    struct table *table = ctx;
    node->value = 1; /* a reader that still held it would tell */
    free(node);
    __atomic_sub_fetch(&table->nnodes, 1, __ATOMIC_RELAXED);
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

/* Outside sections and outside the lock: when many nodes wait, retire waits for readers. */
static void table_remove(struct table *table, unsigned key)
{
    struct node *node = table_unlink(table, key);
    if (node != NULL && cellar_smr_retire(table->smr, node, node_free, table) != 0) {
        exit(1);
    }
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

/* The same by hand: a goal stands for everything that was taken out before it. */
static void wait_by_hand(struct table *table)
{
    cellar_smr_enter(table->smr);
    struct node *node = table_unlink(table, 1);
    uint64_t goal = cellar_smr_advance(table->smr);
    bool was_held = !cellar_smr_poll(table->smr, goal);
    cellar_smr_exit(table->smr);
    if (cellar_smr_wait(table->smr, goal) == 0 && was_held) {
        puts("a reader held the node that was taken out, and then did not");
    }
    node_free(node, table);
}

int main(void)
{
    struct cellar_smr_attr attr = {.version = CELLAR_SMR_ATTR_VERSION, .name = "table", .max_pending = 1000};
    struct table table = {.lock = PTHREAD_MUTEX_INITIALIZER, .smr = need(cellar_smr_create(&attr))};
    for (unsigned key = 0; key < NKEYS; key++) {
        table_insert(&table, key);
    }
    read_and_write(&table);
    wait_by_hand(&table);
    for (unsigned key = 0; key < NKEYS; key++) {
        table_remove(&table, key);
    }
    struct cellar_smr_usage usage;
    cellar_smr_drain(table.smr);
    cellar_smr_usage(table.smr, &usage);
    if (usage.pending == 0 && table.nnodes == 0) {
        puts("all nodes came back");
    }
    return cellar_smr_destroy(table.smr) == 0 ? 0 : 1;
}
