#include "os/lock.h"

#include <string.h>

#include "base/assert.h"
#include "os/os.h"
#include "os/panic.h"

/* About 1 us of trying: the length of the longest critical section that makes no system call. */
#define LOCK_TRIES 100

static void lock_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* A waiter looks again after this long: a wake-up is lost when a handler's longjmp leaves the releasing thread. */
#define LOCK_WAIT_NS UINT64_C(100000000)

void cellar__lock_init(struct cellar__lock *lock, enum cellar__rank rank)
{
    *lock = (struct cellar__lock){.rank = rank};
}

/* The half of the word that the kernel looks at; addresses of threads differ in it, or the wait ends early. */
static uint32_t *lock_futex(struct cellar__lock *lock)
{
    return (uint32_t *)&lock->word + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static bool lock_take(struct cellar__lock *lock, uint64_t word)
{
    uint64_t expected = 0;
    return __atomic_compare_exchange_n(&lock->word, &expected, word, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static void lock_sleep(struct cellar__lock *lock)
{
    while (!lock_take(lock, cellar__lock_self() | CELLAR_LOCK_WAITED)) {
        uint64_t word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
        uint64_t waited = word | CELLAR_LOCK_WAITED;
        if (word != 0 &&
            (word == waited || __atomic_compare_exchange_n(&lock->word, &word, waited, false,
                                                           __ATOMIC_RELAXED, __ATOMIC_RELAXED))) {
            cellar__os_wait_for(lock_futex(lock), (uint32_t)waited, LOCK_WAIT_NS);
        }
    }
}

void cellar__lock_acquire_slow(struct cellar__lock *lock)
{
    if ((__atomic_load_n(&lock->word, __ATOMIC_RELAXED) & ~CELLAR_LOCK_WAITED) == cellar__lock_self()) {
        /* Held since an operation that never ended. Other ranks block signals while they are held. */
        CELLAR_REQUIRE(lock->rank == CELLAR_RANK_KEG || lock->rank == CELLAR_RANK_SMR);
        cellar__lock_check_acquire(lock);
        lock->is_abandoned = true;
        return;
    }
    cellar__lock_check_acquire(lock);
    unsigned tries = cellar__os_machine()->ncpus > 1 ? LOCK_TRIES : 0;
    for (unsigned i = 0; i < tries; i++) {
        if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) == 0 && lock_take(lock, cellar__lock_self())) {
            return;
        }
        lock_relax();
    }
    lock_sleep(lock);
}

void cellar__lock_release_slow(struct cellar__lock *lock)
{
    uint64_t word = cellar__lock_self() | CELLAR_LOCK_WAITED;
    if (!__atomic_compare_exchange_n(&lock->word, &word, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
        cellar__panic(
            "a signal handler allocated or freed memory in the middle of an allocation of its thread");
    }
    cellar__os_wake_one(lock_futex(lock));
}

#if defined(CELLAR_DEBUG) && CELLAR_DEBUG

static __thread struct {
    unsigned char held[CELLAR_RANK_COUNT]; /* how many locks of each rank this thread holds */
    bool equal_allowed;
} lock_local;

const void *cellar__lock_local(void)
{
    return &lock_local;
}

enum cellar__rank cellar__lock_highest_held(void)
{
    for (unsigned rank = CELLAR_RANK_COUNT - 1; rank > CELLAR_RANK_NONE; rank--) {
        if (lock_local.held[rank] != 0) {
            return (enum cellar__rank)rank;
        }
    }
    return CELLAR_RANK_NONE;
}

void cellar__lock_check_acquire(const struct cellar__lock *lock)
{
    uint32_t highest = cellar__lock_highest_held();
    CELLAR_REQUIRE(lock->rank > CELLAR_RANK_NONE && lock->rank < CELLAR_RANK_COUNT);
    CELLAR_REQUIRE(highest < lock->rank || (lock_local.equal_allowed && highest == lock->rank));
    lock_local.held[lock->rank]++;
}

void cellar__lock_check_release(const struct cellar__lock *lock)
{
    CELLAR_REQUIRE(lock_local.held[lock->rank] > 0);
    lock_local.held[lock->rank]--;
}

void cellar__lock_forget_held(void)
{
    memset(lock_local.held, 0, sizeof lock_local.held);
}

void cellar__lock_allow_equal(bool allowed)
{
    lock_local.equal_allowed = allowed;
}

#else

const void *cellar__lock_local(void)
{
    return __builtin_thread_pointer();
}

enum cellar__rank cellar__lock_highest_held(void)
{
    return CELLAR_RANK_NONE;
}

void cellar__lock_allow_equal(bool allowed)
{
    (void)allowed;
}

#endif
