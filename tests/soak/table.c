#include "soak/table.h"

#include <errno.h>
#include <sys/mman.h>

#include "soak/state.h"

enum { TABLE_STRETCH = 8192, TABLE_HOT = 256, TABLE_COMMON = 2048 };

static struct soak_slot *table_slots;
static size_t table_nslots;
static size_t table_nown; /* slots before the common ones */
static size_t table_bytes;

int soak_table_init(unsigned nworkers)
{
    table_nown = (size_t)nworkers * TABLE_STRETCH;
    table_nslots = table_nown + TABLE_COMMON;
    table_slots = mmap(NULL, table_nslots * sizeof *table_slots, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return table_slots == MAP_FAILED ? -errno : 0;
}

size_t soak_table_nslots(void)
{
    return table_nslots;
}

void soak_table_stretch(unsigned worker, size_t *ret_first, size_t *ret_end)
{
    *ret_first = (size_t)worker * TABLE_STRETCH;
    *ret_end = *ret_first + TABLE_STRETCH;
}

static size_t table_choose(struct test_random *random, unsigned worker)
{
    uint64_t kind = test_random_below(random, 32);
    if (kind < 2) {
        return table_nown + test_random_below(random, TABLE_COMMON);
    }
    return (size_t)worker * TABLE_STRETCH + test_random_below(random, kind < 24 ? TABLE_HOT : TABLE_STRETCH);
}

struct soak_slot *soak_table_take_at(size_t index)
{
    struct soak_slot *slot = &table_slots[index];
    return __atomic_exchange_n(&slot->taken, 1, __ATOMIC_ACQUIRE) == 0 ? slot : NULL;
}

struct soak_slot *soak_table_take(struct test_random *random, unsigned worker)
{
    struct soak_slot *slot;
    do {
        slot = soak_table_take_at(table_choose(random, worker));
    } while (slot == NULL);
    return slot;
}

void soak_table_put(struct soak_slot *slot)
{
    __atomic_store_n(&slot->taken, 0, __ATOMIC_RELEASE);
}

void soak_table_forget_taken(void)
{
    for (size_t i = 0; i < table_nslots; i++) {
        struct soak_slot *slot = &table_slots[i];
        if (slot->taken != 0) {
            *slot = (struct soak_slot){0};
        }
    }
}

bool soak_table_charge(size_t size)
{
    size_t bytes = __atomic_add_fetch(&table_bytes, size, __ATOMIC_RELAXED);
    if (bytes > soak_options.memory) {
        soak_table_uncharge(size);
        return false;
    }
    return true;
}

void soak_table_uncharge(size_t size)
{
    __atomic_sub_fetch(&table_bytes, size, __ATOMIC_RELAXED);
}
