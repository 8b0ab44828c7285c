/* levels: base os slab */
#include "model/ops.h"
#include "slab/slab.h"

/* The model of a slab: an array of bool. */
enum { NITEMS_MAX = 4096, TAKE_MAX = 80 };

static bool model_out[NITEMS_MAX];
static uint32_t model_nout;
static struct cellar__geometry geometry;
static union {
    struct cellar__slab slab;
    uint64_t space[256];
} header;
static struct cellar__slab *const slab = &header.slab;

static void slab_start(size_t size, bool has_ready)
{
    geometry = cellar__geometry_make(size, has_ready);
    memset(&header, 0, sizeof header);
    memset(model_out, 0, sizeof model_out);
    model_nout = 0;
    /* Never touched, so any address will do. */
    slab->run.base = (char *)(UINT64_C(1) << 40);
    slab->run.ngranules = geometry.ngranules;
}

/* Takes n: what comes has to be the lowest free ones. */
static bool slab_do_take(size_t n)
{
    void *items[TAKE_MAX];
    size_t left = geometry.nitems - model_nout;
    size_t taken = cellar__slab_take(slab, &geometry, items, n);
    if (taken != (n < left ? n : left)) {
        return ops_fail("take(%zu) of %zu free gave %zu", n, left, taken);
    }
    uint32_t lowest = 0;
    for (size_t i = 0; i < taken; i++) {
        while (model_out[lowest]) {
            lowest++;
        }
        char *item = (char *)((uintptr_t)items[i] & ~(uintptr_t)1);
        if (item != slab->run.base + (size_t)lowest * geometry.size) {
            return ops_fail("take gave %p, not item %u", (void *)item, lowest);
        }
        model_out[lowest] = true;
    }
    model_nout += (uint32_t)taken;
    return true;
}

/* Gives any address of the slab's run. */
static bool slab_do_give(size_t offset)
{
    size_t index = offset / geometry.size;
    enum cellar__item_fault wanted = CELLAR_ITEM_OK;
    if (index >= geometry.nitems || offset % geometry.size != 0) {
        wanted = CELLAR_ITEM_MISALIGNED;
    } else if (!model_out[index]) {
        wanted = CELLAR_ITEM_FREE;
    }
    void *item = slab->run.base + offset;
    enum cellar__item_fault got;
    size_t given = cellar__slab_give(slab, &geometry, &item, 1, &got);
    if (given != (got == CELLAR_ITEM_OK)) {
        return ops_fail("give at offset %zu: %zu items given, fault %d", offset, given, (int)got);
    }
    if (got != wanted) {
        return ops_fail("give at offset %zu: %d, not %d", offset, (int)got, (int)wanted);
    }
    if (wanted == CELLAR_ITEM_OK) {
        model_out[index] = false;
        model_nout--;
    }
    return true;
}

/* Gives n items from `from` on, up or down, the way programs free; those before the first that is free have to go. */
static bool slab_do_give_row(uint32_t from, size_t n, bool is_up)
{
    void *items[TAKE_MAX];
    size_t wanted = n;
    for (size_t i = 0; i < n; i++) {
        uint32_t index = (uint32_t)(is_up ? from + i : from + geometry.nitems - i) % geometry.nitems;
        items[i] = slab->run.base + (size_t)index * geometry.size;
        if (wanted == n && !model_out[index]) {
            wanted = i;
        }
        if (wanted == n) {
            model_out[index] = false;
            model_nout--;
        }
    }
    enum cellar__item_fault got;
    size_t given = cellar__slab_give(slab, &geometry, items, n, &got);
    if (given != wanted || got != (given == n ? CELLAR_ITEM_OK : CELLAR_ITEM_FREE)) {
        return ops_fail("give of %zu items from %u: %zu given, not %zu, fault %d", n, from, given, wanted,
                        (int)got);
    }
    return true;
}

static bool slab_agrees(void)
{
    const char *broken = cellar__slab_check(slab, &geometry);
    if (broken != NULL) {
        return ops_fail("invariant %s", broken);
    }
    for (uint32_t i = 0; i < geometry.nitems; i++) {
        if (cellar__slab_is_out(slab, i) != model_out[i]) {
            return ops_fail("item %u is %s", i, model_out[i] ? "out" : "free");
        }
    }
    return slab->nout == model_nout || ops_fail("nout %u, not %u", slab->nout, model_nout);
}

static bool slab_replay(const struct ops_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool good = true;
        switch (ops[i].kind) {
        case 0:
            good = slab_do_take(ops[i].a % TAKE_MAX);
            break;
        case 1: /* any address */
            good = slab_do_give(ops[i].b % cellar__run_size(&slab->run));
            break;
        case 2:
        case 3:
            good = slab_do_give_row((uint32_t)(ops[i].b % geometry.nitems),
                                    1 + ops[i].a % (TAKE_MAX < geometry.nitems ? TAKE_MAX : geometry.nitems),
                                    ops[i].kind == 2);
            break;
        default: /* an item */
            good = slab_do_give(ops[i].b % geometry.nitems * geometry.size);
            break;
        }
        if (!good || !slab_agrees()) {
            return false;
        }
        ops_shared->done++;
    }
    return true;
}

static bool slab_replay_small(const struct ops_op *ops, size_t count)
{
    slab_start(48, true);
    return slab_replay(ops, count);
}

static bool slab_replay_middle(const struct ops_op *ops, size_t count)
{
    slab_start(1024, false);
    return slab_replay(ops, count);
}

static bool slab_replay_large(const struct ops_op *ops, size_t count)
{
    slab_start(20480, false);
    return slab_replay(ops, count);
}

TEST(small_items)
{
    ops_test(slab_replay_small, 20, 2000, 10);
}

TEST(middle_items)
{
    ops_test(slab_replay_middle, 40, 2000, 10);
}

TEST(large_items)
{
    ops_test(slab_replay_large, 60, 2000, 10);
}

TEST_MAIN()
