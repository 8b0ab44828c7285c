/*
 * A store of records in a file: an arena allocates offsets, so that the place of a deleted record is used again. The arena
 * never touches the file; the file has no free list in it.
 *
 *     cc file_offsets.c $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     1000 records take 4096000 bytes of file
 *     500 deleted and 500 others stored: the file has not grown
 *     a record grew where it lies, or moved; both can be read
 *     half of the space is given back by truncation
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cellar/arena.h>

#define BLOCK 4096 /* bytes: what the file system reads and writes */

struct record {
    uint64_t offset;
    uint64_t size;
};

struct store {
    int fd;
    struct cellar_arena *offsets;
};

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "file_offsets: %s failed\n", what);
        exit(1);
    }
}

static void store_open(struct store *store)
{
    char path[] = "/tmp/cellar-example-XXXXXX";
    struct cellar_arena_attr attr = {
        .version = CELLAR_ARENA_VERSION,
        .name = "file offsets",
        .quantum = BLOCK,
        .fit = CELLAR_FIT_FIRST, /* low offsets first, so that the end of the file becomes free */
    };
    store->fd = mkstemp(path);
    check(store->fd >= 0 && unlink(path) == 0, "mkstemp");
    check(cellar_arena_create(&attr, &store->offsets) == 0, "create");
    check(cellar_arena_add(store->offsets, 0, UINT64_C(1) << 40) == 0, "add");
}

static void store_put(struct store *store, struct record *record, const char *text, uint64_t size)
{
    record->size = size;
    check(cellar_arena_alloc(store->offsets, size, &record->offset) == 0, "alloc");
    check(pwrite(store->fd, text, strlen(text) + 1, (off_t)record->offset) > 0, "pwrite");
}

static void store_delete(struct store *store, const struct record *record)
{
    check(cellar_arena_free(store->offsets, record->offset, record->size) == 0, "free");
}

/* In place when what is behind the record is free, else by a copy. */
static void store_grow(struct store *store, struct record *record, uint64_t size)
{
    char text[BLOCK];
    if (cellar_arena_resize(store->offsets, record->offset, record->size, size) == 0) {
        record->size = size;
        return;
    }
    struct record old = *record;
    check(pread(store->fd, text, sizeof text, (off_t)old.offset) > 0, "pread");
    store_put(store, record, text, size);
    store_delete(store, &old);
}

static int store_has(const struct store *store, const struct record *record, const char *text)
{
    char found[64] = "";
    return pread(store->fd, found, sizeof found, (off_t)record->offset) > 0 && strcmp(found, text) == 0;
}

static bool store_see(void *ctx, const struct cellar_arena_range *range)
{
    uint64_t *end = ctx;
    if (range->out) {
        *end = range->base + range->size;
    }
    return true;
}

/* Where the last record ends. */
static uint64_t store_end(const struct store *store)
{
    uint64_t end = 0;
    check(cellar_arena_walk(store->offsets, store_see, &end) == 0, "walk");
    return end;
}

int main(void)
{
    static struct record records[1000];
    struct store store;
    store_open(&store);
    for (int i = 0; i < 1000; i++) {
        store_put(&store, &records[i], "a record", 3000);
    }
    uint64_t end = store_end(&store);
    printf("1000 records take %ju bytes of file\n", (uintmax_t)end);

    for (int i = 0; i < 1000; i += 2) {
        store_delete(&store, &records[i]);
    }
    for (int i = 0; i < 1000; i += 2) {
        store_put(&store, &records[i], "another record", 4000);
    }
    if (store_end(&store) == end) {
        puts("500 deleted and 500 others stored: the file has not grown");
    }

    store_delete(&store, &records[11]);
    store_grow(&store, &records[10], 8000);  /* into the place of 11 */
    store_grow(&store, &records[13], 20000); /* to the end */
    if (store_has(&store, &records[10], "another record") && store_has(&store, &records[13], "a record")) {
        puts("a record grew where it lies, or moved; both can be read");
    }

    store_delete(&store, &records[13]);
    for (int i = 500; i < 1000; i++) {
        store_delete(&store, &records[i]);
    }
    check(ftruncate(store.fd, (off_t)store_end(&store)) == 0, "ftruncate");
    if (store_end(&store) == end / 2) {
        puts("half of the space is given back by truncation");
    }
    for (int i = 0; i < 500; i++) {
        if (i != 11 && i != 13) {
            store_delete(&store, &records[i]);
        }
    }
    check(cellar_arena_destroy(store.offsets, NULL, NULL) == 0, "destroy");
    return 0;
}
