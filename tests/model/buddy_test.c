/* levels: base os buddy */
#include <cellar/buddy.h>

#include "model/ops.h"

/* The model of a space: an array of units. */
enum { NUNITS_MAX = 1000, LG_MIN = 4, NKINDS = 12 };

struct model_unit {
    enum cellar_buddy_state state;
    size_t begin; /* of the block that is out */
    size_t nunits;
};

static struct model_unit units[NUNITS_MAX];
static size_t nunits;
static unsigned max_order;
static uint64_t base;
static bool may_resize;
static struct cellar_buddy buddy;
static uint8_t metadata[CELLAR_BUDDY_METADATA_SIZE(NUNITS_MAX << LG_MIN, LG_MIN)];

static void model_start(size_t count, unsigned lg_max, uint64_t at)
{
    struct cellar_buddy_attr attr = {
        .version = CELLAR_BUDDY_ATTR_VERSION,
        .lg_min = LG_MIN,
        .lg_max = lg_max,
        .base = at,
        .size = (uint64_t)count << LG_MIN,
        .metadata = metadata,
        .metadata_size = sizeof metadata,
    };
    CHECK_EQ(cellar_buddy_init(&buddy, &attr), 0);
    memset(units, 0, sizeof units);
    nunits = count;
    max_order = lg_max - LG_MIN;
    base = at;
    may_resize = true;
}

static uint64_t model_addr(size_t unit)
{
    return base + ((uint64_t)unit << LG_MIN);
}

static size_t model_round(uint64_t size)
{
    size_t count = 1;
    while ((uint64_t)count << LG_MIN < size) {
        count *= 2;
    }
    return count;
}

static bool model_is_free(size_t unit, size_t count)
{
    for (size_t i = unit; i < unit + count; i++) {
        if (i >= nunits || units[i].state != CELLAR_BUDDY_FREE) {
            return false;
        }
    }
    return true;
}

static void model_set(size_t unit, size_t count, enum cellar_buddy_state state)
{
    for (size_t i = unit; i < unit + count; i++) {
        units[i] = (struct model_unit){state, unit, count};
    }
}

/* The lowest place that is free, or nunits. */
static size_t model_find(size_t count)
{
    size_t unit = 0;
    while (unit < nunits && !model_is_free(unit, count)) {
        unit += count;
    }
    return count > (size_t)1 << max_order || unit > nunits ? nunits : unit;
}

static bool model_is_block(uint64_t addr)
{
    size_t unit = (size_t)((addr - base) >> LG_MIN);
    return addr >= base && unit < nunits && addr == model_addr(unit) &&
           units[unit].state == CELLAR_BUDDY_OUT && units[unit].begin == unit;
}

static bool do_alloc(uint64_t size)
{
    uint64_t addr = 1;
    size_t count = model_round(size);
    size_t unit = model_find(count);
    int status = cellar_buddy_alloc(&buddy, size, &addr);
    if (unit == nunits) {
        return (status == -ENOMEM && addr == 1) ||
               ops_fail("alloc(%" PRIu64 ") without room: %d", size, status);
    }
    if (status != 0 || addr != model_addr(unit)) {
        return ops_fail("alloc(%" PRIu64 "): %d, %#" PRIx64 ", not %#" PRIx64, size, status, addr,
                        model_addr(unit));
    }
    model_set(unit, count, CELLAR_BUDDY_OUT);
    return true;
}

/* Any address; size 0: not told. */
static bool do_free(uint64_t addr, uint64_t size)
{
    size_t unit = (size_t)((addr - base) >> LG_MIN);
    bool good = model_is_block(addr) && (size == 0 || model_round(size) == units[unit].nunits);
    int status = size == 0 ? cellar_buddy_free(&buddy, addr) : cellar_buddy_free_sized(&buddy, addr, size);
    if (status != (good ? 0 : -EINVAL)) {
        return ops_fail("free(%#" PRIx64 ", %" PRIu64 "): %d", addr, size, status);
    }
    if (good) {
        model_set(unit, units[unit].nunits, CELLAR_BUDDY_FREE);
    }
    return true;
}

static int model_resize(uint64_t addr, size_t count)
{
    size_t unit = (size_t)((addr - base) >> LG_MIN);
    if (!model_is_block(addr)) {
        return -EINVAL;
    }
    size_t old = units[unit].nunits;
    if (count > old &&
        (unit % count != 0 || count > (size_t)1 << max_order || !model_is_free(unit + old, count - old))) {
        return -ENOMEM;
    }
    model_set(unit, old, CELLAR_BUDDY_FREE);
    model_set(unit, count, CELLAR_BUDDY_OUT);
    return 0;
}

static bool do_resize(uint64_t addr, uint64_t size)
{
    int wanted = model_resize(addr, model_round(size));
    int status = cellar_buddy_resize(&buddy, addr, size);
    return status == wanted || ops_fail("resize(%#" PRIx64 ", %" PRIu64 "): %d", addr, size, status);
}

static bool do_reserve(size_t unit, size_t count)
{
    int wanted = unit + count > nunits ? -EINVAL : 0;
    for (size_t i = unit; wanted == 0 && i < unit + count; i++) {
        wanted = units[i].state == CELLAR_BUDDY_OUT ? -EBUSY : 0;
    }
    /* From the middle of the first unit to the middle of the last. */
    int status = cellar_buddy_reserve(&buddy, model_addr(unit) + 5, ((uint64_t)count << LG_MIN) - 7);
    if (status == 0 && wanted == 0) {
        model_set(unit, count, CELLAR_BUDDY_RESERVED);
    }
    return status == wanted || ops_fail("reserve(%zu, %zu): %d, not %d", unit, count, status, wanted);
}

/* A walk in progress: where it is, and whether all agreed so far. */
struct model_walk {
    size_t unit;
    bool agrees;
    uint64_t allocated;
    uint64_t largest_free;
};

static void walk_visit(void *ctx, const struct cellar_buddy_block *block)
{
    struct model_walk *walk = ctx;
    size_t count = (size_t)(block->size >> LG_MIN);
    bool agrees = walk->agrees && block->addr == model_addr(walk->unit) && walk->unit % count == 0 &&
                  walk->unit + count <= nunits && count <= (size_t)1 << max_order;
    for (size_t i = walk->unit; agrees && i < walk->unit + count; i++) {
        agrees =
            units[i].state == block->state &&
            (block->state != CELLAR_BUDDY_OUT || (units[i].begin == walk->unit && units[i].nunits == count));
    }
    if (agrees && block->state == CELLAR_BUDDY_FREE) {
        /* A free block whose buddy is free would be one block with it. */
        agrees = count == (size_t)1 << max_order || !model_is_free(walk->unit ^ count, count);
        walk->largest_free = block->size > walk->largest_free ? block->size : walk->largest_free;
    }
    walk->allocated += block->state == CELLAR_BUDDY_OUT ? block->size : 0;
    walk->agrees = agrees;
    walk->unit += count;
}

static bool model_agrees(void)
{
    struct model_walk walk = {.agrees = true};
    struct cellar_buddy_usage usage;
    const char *broken = cellar_buddy_check(&buddy);
    if (broken != NULL) {
        return ops_fail("invariant %s", broken);
    }
    cellar_buddy_walk(&buddy, walk_visit, &walk);
    if (!walk.agrees || walk.unit != nunits) {
        return ops_fail("walk and model differ before unit %zu", walk.unit);
    }
    cellar_buddy_get_usage(&buddy, &usage);
    return (usage.allocated == walk.allocated && usage.largest_free == walk.largest_free) ||
           ops_fail("usage: %" PRIu64 " allocated, %" PRIu64 " largest", usage.allocated, usage.largest_free);
}

/* Small sizes are the likely ones. */
static uint64_t op_size(const struct ops_op *op)
{
    return 1 + (op->b >> 8) % (UINT64_C(1) << (1 + op->b % (LG_MIN + max_order + 1)));
}

/* The begin of the block around a random unit, or the unit. */
static uint64_t op_block(const struct ops_op *op)
{
    size_t unit = op->a % nunits;
    return model_addr(units[unit].state == CELLAR_BUDDY_OUT ? units[unit].begin : unit);
}

static bool model_do(const struct ops_op *op)
{
    switch (op->kind) {
    case 0:
    case 1:
    case 2:
    case 3:
        return do_alloc(op_size(op));
    case 4:
    case 5:
    case 6:
        return do_free(op_block(op), 0);
    case 7:
        return do_free(op_block(op), op_size(op));
    case 8: /* any address, also outside */
        return do_free(base - 100 + op->b % (((uint64_t)nunits << LG_MIN) + 200), 0);
    case 9:
    case 10:
        return !may_resize || do_resize(op_block(op), op_size(op));
    default:
        return op->b % 16 != 0 || do_reserve(op->a % nunits, 1 + op->b / 16 % 20);
    }
}

static bool model_replay(const struct ops_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!model_do(&ops[i]) || !model_agrees()) {
            return false;
        }
        ops_shared->done++;
    }
    return true;
}

static bool replay_power_of_two(const struct ops_op *ops, size_t count)
{
    model_start(256, LG_MIN + 8, 1 << 20);
    return model_replay(ops, count);
}

static bool replay_odd_size(const struct ops_op *ops, size_t count)
{
    model_start(677, LG_MIN + 12, 1 << 20);
    return model_replay(ops, count);
}

static bool replay_many_roots(const struct ops_op *ops, size_t count)
{
    model_start(NUNITS_MAX, LG_MIN + 5, 1 << 20);
    return model_replay(ops, count);
}

/* The better bound is checked only as long as nothing is resized. */
static bool replay_without_resize(const struct ops_op *ops, size_t count)
{
    model_start(NUNITS_MAX, LG_MIN + 6, 1 << 20);
    may_resize = false;
    return model_replay(ops, count);
}

TEST(power_of_two)
{
    ops_test(replay_power_of_two, NKINDS, 1500, 10);
}

TEST(odd_size)
{
    ops_test(replay_odd_size, NKINDS, 1500, 10);
}

TEST(many_roots)
{
    ops_test(replay_many_roots, NKINDS, 1500, 10);
}

TEST(without_resize)
{
    ops_test(replay_without_resize, NKINDS, 1500, 10);
}

TEST_MAIN()
