/*
 * A pool in a static array, for a machine without malloc, threads or a C library: the memory of a radio's packets, with a
 * hole where the hardware has its descriptors.
 *
 *     cc fixed_pool.c $(pkg-config --cflags --libs cellar)
 *
 * `make freestanding` also builds it with -ffreestanding and no library at all, and runs it on nothing but the kernel.
 *
 * prints:
 *     bytes of the pool 12288
 *     bytes of the tree, at most 135
 *     were there no hole, enough for 4096 in packets of 64 to 512: 10240
 *     packets of 500 bytes that fit 21
 *     bytes lost inside the blocks 252
 *     their size in use 512
 *     sent twice, refused 1
 *     grown where it lies, to 2048
 *     blocks that are out 18
 *     of them of 512 bytes 17
 *     the descriptors are reserved 1
 *     all free again, joined into 4096
 *     sound 1
 */
#include <cellar/buddy.h>

#if __STDC_HOSTED__
#include <stdio.h>
static void report(const char *what, unsigned long value)
{
    printf("%s %lu\n", what, value);
}
#else
void report(const char *what, unsigned long value); /* the board's console */
#endif

enum {
    LG_MIN = 6,
    LG_MAX = 12,
    POOL_SIZE = 3 << LG_MAX,
    HOLE_AT = 5000,
    HOLE_SIZE = 1100,
    LIVE_MAX = 4096,
    PACKET_MAX = 512,
};

static _Alignas(1 << LG_MAX) uint8_t pool[POOL_SIZE];
static uint8_t tree[CELLAR_BUDDY_METADATA_SIZE(POOL_SIZE, LG_MIN)];
static struct cellar_buddy buddy;

/* 0: the pool is ready. */
static int pool_init(void)
{
    struct cellar_buddy_attr attr = {
        .version = CELLAR_BUDDY_ATTR_VERSION,
        .lg_min = LG_MIN,
        .lg_max = LG_MAX,
        .base = (uintptr_t)pool,
        .size = sizeof pool,
        .metadata = tree,
        .metadata_size = sizeof tree,
    };
    int status = cellar_buddy_init(&buddy, &attr);
    return status != 0 ? status : cellar_buddy_reserve(&buddy, attr.base + HOLE_AT, HOLE_SIZE);
}

static void *pool_alloc(size_t size)
{
    uint64_t addr;
    return cellar_buddy_alloc(&buddy, size, &addr) == 0 ? (void *)(uintptr_t)addr : NULL;
}

static int pool_free(const void *block)
{
    return cellar_buddy_free(&buddy, (uintptr_t)block);
}

static void release(void *ctx, const struct cellar_buddy_block *block)
{
    if (block->state == CELLAR_BUDDY_OUT) {
        cellar_buddy_free(ctx, block->addr); /* walk allows it */
    }
}

/* How large the pool has to be is known before the first packet comes. */
static void plan(void)
{
    report("bytes of the pool", POOL_SIZE);
    report("bytes of the tree, at most", sizeof tree);
    report("were there no hole, enough for 4096 in packets of 64 to 512:",
           (unsigned long)cellar_buddy_bound(LIVE_MAX, PACKET_MAX, LG_MIN));
}

static void fill(void)
{
    struct cellar_buddy_usage usage;
    uint64_t size = 0;
    unsigned long count = 0;
    const void *packet = NULL;
    for (const void *next = pool_alloc(500); next != NULL; next = pool_alloc(500)) {
        packet = next;
        count++;
    }
    cellar_buddy_get_usage(&buddy, &usage);
    cellar_buddy_size_of(&buddy, (uintptr_t)packet, &size);
    report("packets of 500 bytes that fit", count);
    report("bytes lost inside the blocks", (unsigned long)(usage.granted - usage.requested));
    report("their size in use", (unsigned long)size);
}

/* The first four packets make room for a larger one. */
static void send(void)
{
    const uint8_t *packet = pool;
    pool_free(packet);
    report("sent twice, refused", pool_free(packet) != 0);
    for (int i = 1; i < 4; i++) {
        cellar_buddy_free_sized(&buddy, (uintptr_t)(packet + i * PACKET_MAX), 500);
    }
    packet = pool_alloc(64);
    if (cellar_buddy_resize(&buddy, (uintptr_t)packet, 2000) == 0) {
        report("grown where it lies, to", 2048);
    }
}

static void inspect(void)
{
    struct cellar_buddy_usage usage;
    struct cellar_buddy_order orders[LG_MAX - LG_MIN + 1];
    struct cellar_buddy_block block;
    cellar_buddy_get_usage(&buddy, &usage);
    cellar_buddy_orders(&buddy, orders);
    report("blocks that are out", (unsigned long)usage.nout);
    report("of them of 512 bytes", (unsigned long)orders[9 - LG_MIN].nout);
    cellar_buddy_find(&buddy, (uintptr_t)pool + HOLE_AT + HOLE_SIZE / 2, &block);
    report("the descriptors are reserved", block.state == CELLAR_BUDDY_RESERVED);
}

int main(void)
{
    struct cellar_buddy_usage usage;
    if (cellar_buddy_metadata_size(POOL_SIZE, LG_MIN) > sizeof tree || pool_init() != 0) {
        return 1;
    }
    plan();
    fill();
    send();
    inspect();
    cellar_buddy_walk(&buddy, release, &buddy);
    cellar_buddy_get_usage(&buddy, &usage);
    report("all free again, joined into", (unsigned long)usage.largest_free);
    report("sound", cellar_buddy_check(&buddy) == NULL);
    return 0;
}
