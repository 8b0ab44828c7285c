#include "soak/faults.h"

#include "os/fault.h"
#include "soak/state.h"

/* The heap's first wish is 1 TiB; a window of an eighth of all blocks' size is small enough for there to be several. */
enum { FAULTS_LG_WINDOW = 40, FAULTS_LG_PARTS = 3 };

struct fault_plan {
    uint32_t skip;
    uint32_t count; /* 0: not armed */
};

static struct fault_plan faults_plans[CELLAR_FAULT_COUNT]; /* of the thread that opens and closes */
static uint32_t faults_number;                             /* atomic */

uint32_t soak_faults_span(void)
{
    return __atomic_load_n(&faults_number, __ATOMIC_ACQUIRE);
}

bool soak_faults_since(uint32_t span)
{
    return (span & 1) != 0 || soak_faults_span() != span;
}

static void faults_arm(enum cellar__fault kind, uint32_t skip, uint32_t count)
{
    faults_plans[kind] = (struct fault_plan){skip, count};
    cellar__fault_arm(kind, skip, count);
}

/*
 * Purge and commit never fail in one span: a run that can neither be purged nor be noted as dirty loses its addresses for
 * good (arena/dirty.h), and the accounts of soak/quiet.h could not be exact.
 */
static enum cellar__fault faults_kind(struct test_random *random)
{
    enum cellar__fault kind = (enum cellar__fault)test_random_below(random, CELLAR_FAULT_COUNT);
    bool purge = kind == CELLAR_FAULT_PURGE && faults_plans[CELLAR_FAULT_COMMIT].count != 0;
    bool commit = kind == CELLAR_FAULT_COMMIT && faults_plans[CELLAR_FAULT_PURGE].count != 0;
    return purge ? CELLAR_FAULT_COMMIT : commit ? CELLAR_FAULT_PURGE : kind;
}

void soak_faults_open(struct test_random *random)
{
    static const uint32_t every_call = UINT32_MAX;
    __atomic_add_fetch(&faults_number, 1, __ATOMIC_SEQ_CST);
    for (uint64_t n = 1 + test_random_below(random, 3); n > 0; n--) {
        enum cellar__fault kind = faults_kind(random);
        uint32_t skip = (uint32_t)test_random_below(random, UINT64_C(1) << test_random_below(random, 4));
        uint32_t count = 1 + (uint32_t)test_random_below(random, UINT64_C(1) << test_random_below(random, 8));
        faults_arm(kind, skip, test_random_below(random, 8) == 0 ? every_call : count);
    }
}

void soak_faults_close(void)
{
    cellar__fault_disarm_all();
    for (unsigned kind = 0; kind < CELLAR_FAULT_COUNT; kind++) {
        struct fault_plan *plan = &faults_plans[kind];
        uint32_t calls = cellar__fault_calls((enum cellar__fault)kind);
        uint32_t past = calls > plan->skip ? calls - plan->skip : 0;
        soak_count(&soak_shared->counts.nfaults, past < plan->count ? past : plan->count);
        *plan = (struct fault_plan){0, 0};
    }
    __atomic_add_fetch(&faults_number, 1, __ATOMIC_SEQ_CST);
}

void soak_faults_forget(void)
{
    cellar__fault_disarm_all();
    memset(faults_plans, 0, sizeof faults_plans);
    faults_number += faults_number & 1;
}

/* The first reservation is that of the metadata, which the soak needs whole. */
void soak_faults_at_start(struct test_random *random)
{
    unsigned lg_memory = 63 - (unsigned)__builtin_clzll(soak_options.memory | 1);
    unsigned most = FAULTS_LG_WINDOW - lg_memory + FAULTS_LG_PARTS;
    __atomic_add_fetch(&faults_number, 1, __ATOMIC_SEQ_CST);
    if (test_random_below(random, 2) == 0) {
        faults_arm(CELLAR_FAULT_RESERVE, 1, 1 + (uint32_t)test_random_below(random, most));
    }
}
