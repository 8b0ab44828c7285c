#define _GNU_SOURCE
#include "soak/ops.h"

#include <fcntl.h>
#include <malloc.h>

#include <cellar/malloc.h>

#include "malloc/heap.h"
#include "soak/faults.h"
#include "soak/request.h"
#include "soak/state.h"

enum { OPS_BATCH = 32 };

bool soak_ops_verify(const struct soak_slot *slot, const char *when)
{
    const struct soak_block *block = &slot->block;
    size_t bad = soak_pattern_check(block, block->size);
    if (bad != SIZE_MAX) {
        soak_error("%s: block %p of %zu bytes is not as written at %zu", when, (void *)block->base,
                   block->size, bad);
    }
    return bad == SIZE_MAX;
}

void soak_ops_free(struct soak_slot *slot)
{
    if (slot->block.base == NULL || !soak_ops_verify(slot, "free")) {
        return;
    }
    void *base = slot->block.base;
    soak_table_uncharge(slot->block.size);
    slot->block = (struct soak_block){.base = NULL};
    errno = 0;
    free(base);
    if (errno != 0) {
        soak_error("free set errno to %d", errno);
    }
}

/* The contents have to be where the block is now, up to the smaller of both sizes. */
static bool ops_resized(const struct soak_block *old, unsigned char *base, size_t size)
{
    struct soak_block moved = *old;
    moved.base = base;
    if (soak_plant_hits(SOAK_PLANT_REALLOC)) {
        soak_pattern_spoil(&(struct soak_block){.base = base, .size = size});
    }
    size_t bad = soak_pattern_check(&moved, old->size < size ? old->size : size);
    if (bad != SIZE_MAX) {
        soak_error("realloc of %zu bytes to %zu: block %p, before %p, has lost its byte %zu", old->size, size,
                   (void *)base, (void *)old->base, bad);
    }
    return bad == SIZE_MAX;
}

static void ops_realloc(struct soak_slot *slot, struct test_random *random, unsigned worker)
{
    struct soak_block old = slot->block;
    size_t size = soak_request_size(random);
    if (test_random_below(random, 2) == 0) { /* by up to a half, so that it may stay where it is */
        size = old.size / 2 + test_random_below(random, old.size + 1);
    }
    size = size == 0 ? 1 : size;
    if (!soak_ops_verify(slot, "before realloc") || !soak_table_charge(size)) {
        return;
    }
    struct soak_call call = soak_call_begin("realloc", size);
    unsigned char *base = realloc(old.base, size);
    bool good = soak_call_end(&call, base);
    if (base == NULL) {
        soak_table_uncharge(size);
        if (soak_plant_hits(SOAK_PLANT_KEEP)) {
            soak_pattern_spoil(&slot->block);
        }
        soak_ops_verify(slot, "after a realloc that failed");
    } else if (good && ops_resized(&old, base, size)) {
        soak_table_uncharge(old.size);
        soak_request_keep(slot, (struct soak_block){.base = base, .size = size}, random, worker);
    }
}

static void ops_realloc_to_zero(struct soak_slot *slot)
{
    if (soak_ops_verify(slot, "realloc to 0")) {
        soak_table_uncharge(slot->block.size);
        void *rest = realloc(slot->block.base, 0);
        slot->block = (struct soak_block){.base = NULL};
        free(rest); /* with the option zero_realloc:alloc */
    }
}

static void ops_use(struct soak_slot *slot, struct test_random *random, unsigned worker)
{
    uint64_t kind = test_random_below(random, 100);
    if (kind < 60) {
        soak_ops_free(slot);
    } else if (kind < 90) {
        ops_realloc(slot, random, worker);
    } else if (kind < 91) {
        ops_realloc_to_zero(slot);
    } else {
        soak_ops_verify(slot, "look");
        if (soak_plant_hits(SOAK_PLANT_STRAY)) {
            soak_pattern_spoil(&slot->block);
        }
    }
}

/* Whoever left this block here wrote it in another thread. */
static bool ops_take_over(struct soak_slot *slot)
{
    soak_count(&soak_shared->counts.nhandover, 1);
    if (soak_plant_hits(SOAK_PLANT_HANDOVER)) {
        soak_pattern_spoil(&slot->block);
    }
    return soak_ops_verify(slot, "hand-over");
}

/* The statistics of a process whose threads are at work, into nothing. */
static void ops_stats(void)
{
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int status = fd < 0 ? 0 : cellar_stats_print(fd, CELLAR_STATS_JSON);
    if (status != 0) {
        soak_error("cellar_stats_print: %d", status);
    }
    close(fd);
}

void soak_ops_clear(unsigned worker)
{
    size_t first;
    size_t end;
    soak_table_stretch(worker, &first, &end);
    for (size_t i = first; i < end && !soak_is_over(); i++) {
        struct soak_slot *slot = soak_table_take_at(i);
        if (slot != NULL) {
            soak_ops_free(slot);
            soak_table_put(slot);
        }
    }
}

/* What concerns the whole heap, and is rare. */
static void ops_whole(struct test_random *random, unsigned worker)
{
    switch (test_random_below(random, 8)) {
    case 0:
        soak_ops_clear(worker);
        break;
    case 1:
        ops_stats();
        break;
    default:
        malloc_trim(0);
        break;
    }
}

static void ops_crash(void)
{
    if (soak_plant_hits(SOAK_PLANT_CRASH)) {
        abort();
    }
    if (soak_plant_hits(SOAK_PLANT_HANG)) {
        cellar__lock_acquire(&cellar__heap_keg(1)->lock);
        pause();
    }
}

void soak_ops_step(struct test_random *random, unsigned worker)
{
    struct soak_slot *slot = soak_table_take(random, worker);
    if (slot->block.base == NULL) {
        soak_request_alloc(slot, random, worker);
    } else if (slot->owner == worker || ops_take_over(slot)) {
        ops_use(slot, random, worker);
    }
    soak_table_put(slot);
}

void soak_ops_run(struct test_random *random, unsigned worker, uint64_t n)
{
    for (uint64_t done = 0; done < n && !soak_is_over(); done++) {
        soak_ops_step(random, worker);
        if (done % OPS_BATCH == OPS_BATCH - 1 || done == n - 1) {
            soak_count(&soak_shared->counts.noperations, done % OPS_BATCH + 1);
        }
    }
    if (test_random_below(random, 10000) == 0) {
        ops_whole(random, worker);
    }
    ops_crash();
}
