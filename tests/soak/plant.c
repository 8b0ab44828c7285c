#include "soak/plant.h"

#include <stdint.h>
#include <string.h>

#include "soak/state.h"

static const char *const plant_names[SOAK_PLANT_COUNT] = {
    [SOAK_PLANT_NONE] = "none",           [SOAK_PLANT_OVERLAP] = "overlap",
    [SOAK_PLANT_STRAY] = "stray",         [SOAK_PLANT_HANDOVER] = "handover",
    [SOAK_PLANT_CALLOC] = "calloc",       [SOAK_PLANT_REALLOC] = "realloc",
    [SOAK_PLANT_KEEP] = "keep",           [SOAK_PLANT_REFUSAL] = "refusal",
    [SOAK_PLANT_ERRNO] = "errno",         [SOAK_PLANT_SUCCESS] = "success",
    [SOAK_PLANT_ALIGNMENT] = "alignment", [SOAK_PLANT_LEAK] = "leak",
    [SOAK_PLANT_HUGE_LEAK] = "huge-leak", [SOAK_PLANT_KEG] = "keg",
    [SOAK_PLANT_ARENA] = "arena",         [SOAK_PLANT_BUDGET] = "budget",
    [SOAK_PLANT_CHILD] = "child",         [SOAK_PLANT_CRASH] = "crash",
    [SOAK_PLANT_HANG] = "hang",
};

/* How many chances pass before the next defect: what happens often has it seldom. */
static const uint32_t plant_every[SOAK_PLANT_COUNT] = {
    [SOAK_PLANT_OVERLAP] = 500, [SOAK_PLANT_STRAY] = 500,   [SOAK_PLANT_CALLOC] = 100,
    [SOAK_PLANT_REALLOC] = 100, [SOAK_PLANT_REFUSAL] = 500, [SOAK_PLANT_SUCCESS] = 500,
    [SOAK_PLANT_LEAK] = 50,     [SOAK_PLANT_CRASH] = 5000,  [SOAK_PLANT_HANG] = 5000,
};

enum soak_plant soak_plant_find(const char *name)
{
    enum soak_plant plant = SOAK_PLANT_NONE;
    while (plant < SOAK_PLANT_COUNT && strcmp(name, plant_names[plant]) != 0) {
        plant++;
    }
    return plant;
}

bool soak_plant_hits(enum soak_plant plant)
{
    static uint32_t chances;
    if (__builtin_expect(soak_options.plant != plant, 1)) {
        return false;
    }
    uint32_t every = plant_every[plant] == 0 ? 1 : plant_every[plant];
    return __atomic_add_fetch(&chances, 1, __ATOMIC_RELAXED) % every == 0;
}
