#include "smr/reader.h"

#include <pthread.h>

#include "meta/meta.h"
#include "os/os.h"
#include "os/panic.h"

/*
 * libc runs the destructors of thread-specific data in up to four rounds. A reader with an open section outlives two of
 * its own, so that other destructors may still read and exit; a third would be too many for one taken in the first round.
 */
#define READER_ROUNDS 2

_Static_assert(sizeof(struct cellar__reader) <= 4096, "CELLAR_SMR_MAX is too large");

__thread struct cellar__reader *cellar__reader_self __attribute__((tls_model("initial-exec")));

/* Sections of this thread that are counted in their smrs, all smrs together. */
static __thread uint32_t reader_nshared __attribute__((tls_model("initial-exec")));

static struct cellar__reader *reader_first; /* atomic; the list only grows, at this end */
static pthread_key_t reader_key;
static bool reader_key_exists;

static void reader_clear(struct cellar__reader *reader)
{
    for (unsigned id = 0; id < cellar__smr_id_end(); id++) {
        reader->slots[id].depth = 0;
        __atomic_store_n(&reader->slots[id].seq, 0, __ATOMIC_RELEASE);
    }
}

/* The thread ends inside these sections: that is noted in their smrs. */
static void reader_abandon(const struct cellar__reader *reader)
{
    for (unsigned id = 0; id < cellar__smr_id_end(); id++) {
        if (reader->slots[id].depth != 0) {
            __atomic_add_fetch(&cellar__smr_get(id)->nabandoned, 1, __ATOMIC_RELAXED);
        }
    }
}

static bool reader_is_open(const struct cellar__reader *reader)
{
    for (unsigned id = 0; id < cellar__smr_id_end(); id++) {
        if (reader->slots[id].depth != 0) {
            return true;
        }
    }
    return false;
}

/* A destructor of thread-specific data. From its last round on the thread's sections are counted in their smrs. */
static void reader_end(void *arg)
{
    struct cellar__reader *reader = arg;
    uint64_t mask = cellar__os_signals_block();
    if (reader_is_open(reader) && reader->nrounds > 0) {
        reader->nrounds--;
        if (pthread_setspecific(reader_key, reader) == 0) {
            cellar__os_signals_restore(mask);
            return;
        }
    }
    cellar__reader_self = CELLAR_READER_OVER;
    reader_abandon(reader);
    reader_clear(reader);
    __atomic_store_n(&reader->is_taken, 0, __ATOMIC_RELEASE);
    cellar__os_signals_restore(mask);
}

void cellar__reader_init(void)
{
    if (!reader_key_exists) {
        reader_key_exists = pthread_key_create(&reader_key, reader_end) == 0;
    }
}

static void reader_list(struct cellar__reader *reader)
{
    reader->next = __atomic_load_n(&reader_first, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&reader_first, &reader->next, reader, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
    }
}

/* One that an ended thread has left, or a new one; NULL when memory is out. */
static struct cellar__reader *reader_take(void)
{
    struct cellar__reader *reader = __atomic_load_n(&reader_first, __ATOMIC_ACQUIRE);
    for (; reader != NULL; reader = reader->next) {
        if (__atomic_load_n(&reader->is_taken, __ATOMIC_RELAXED) == 0 &&
            __atomic_exchange_n(&reader->is_taken, 1, __ATOMIC_ACQUIRE) == 0) {
            return reader;
        }
    }
    reader = cellar__meta_alloc(sizeof *reader);
    if (reader != NULL) {
        reader->is_taken = 1;
        reader_list(reader);
    }
    return reader;
}

/* The calling thread's reader, taken now; NULL when there is none to be had. */
static struct cellar__reader *reader_create(void)
{
    if (cellar__reader_self == CELLAR_READER_OVER || !reader_key_exists) {
        return NULL;
    }
    uint64_t mask = cellar__os_signals_block();
    struct cellar__reader *reader = reader_take();
    if (reader != NULL && pthread_setspecific(reader_key, reader) != 0) { /* nobody would give it back */
        __atomic_store_n(&reader->is_taken, 0, __ATOMIC_RELEASE);
        reader = NULL;
    }
    if (reader != NULL) {
        reader->nrounds = READER_ROUNDS;
        cellar__reader_self = reader;
    }
    cellar__os_signals_restore(mask);
    return reader;
}

void cellar__reader_enter_slow(struct cellar_smr *smr)
{
    struct cellar__reader *reader = reader_create();
    if (reader != NULL) {
        cellar__slot_enter(&reader->slots[smr->id], smr);
        return;
    }
    reader_nshared++;
    __atomic_add_fetch(&smr->nshared, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void cellar__reader_exit_slow(struct cellar_smr *smr)
{
    if (reader_nshared == 0 || __atomic_load_n(&smr->nshared, __ATOMIC_RELAXED) == 0) {
        cellar__panic("smr %s: exit without enter", smr->name);
    }
    reader_nshared--;
    __atomic_sub_fetch(&smr->nshared, 1, __ATOMIC_RELEASE);
}

bool cellar__reader_is_inside(void)
{
    const struct cellar__reader *reader = cellar__reader_self;
    return reader_nshared != 0 || (cellar__reader_is_own(reader) && reader_is_open(reader));
}

uint64_t cellar__reader_oldest(const struct cellar_smr *smr, uint64_t seq)
{
    const struct cellar__reader *reader = __atomic_load_n(&reader_first, __ATOMIC_ACQUIRE);
    for (; reader != NULL; reader = reader->next) {
        uint64_t seen = __atomic_load_n(&reader->slots[smr->id].seq, __ATOMIC_ACQUIRE);
        if (seen != 0 && !cellar__smr_reached(seen, seq)) {
            seq = seen;
        }
    }
    return seq;
}

size_t cellar__reader_count(const struct cellar_smr *smr)
{
    size_t count = __atomic_load_n(&smr->nshared, __ATOMIC_RELAXED);
    const struct cellar__reader *reader = __atomic_load_n(&reader_first, __ATOMIC_ACQUIRE);
    for (; reader != NULL; reader = reader->next) {
        count += __atomic_load_n(&reader->slots[smr->id].seq, __ATOMIC_RELAXED) != 0;
    }
    return count;
}

/*
 * Whose sections a count without slots holds is not known, except that a thread knows of its own. If it has none, the
 * counts are those of threads that do not exist here.
 */
static void reader_forget_shared(void)
{
    for (unsigned id = 0; id < cellar__smr_id_end() && reader_nshared == 0; id++) {
        struct cellar_smr *smr = cellar__smr_get(id);
        if (smr != NULL) {
            __atomic_store_n(&smr->nshared, 0, __ATOMIC_RELAXED);
        }
    }
}

void cellar__reader_forget_orphans(void)
{
    for (struct cellar__reader *reader = reader_first; reader != NULL; reader = reader->next) {
        if (reader != cellar__reader_self) {
            reader_clear(reader);
            __atomic_store_n(&reader->is_taken, 0, __ATOMIC_RELAXED);
        }
    }
    reader_forget_shared();
}
