#include "os/lock.h"

#include "base/assert.h"
#include "os/os.h"

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

void cellar__lock_init(struct cellar__lock *lock, enum cellar__rank rank)
{
    lock->state = 0;
    lock->rank = rank;
}

void cellar__lock_acquire_slow(struct cellar__lock *lock)
{
    unsigned tries = cellar__os_machine()->ncpus > 1 ? LOCK_TRIES : 0;
    for (unsigned i = 0; i < tries; i++) {
        uint32_t expected = 0;
        if (__atomic_load_n(&lock->state, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&lock->state, &expected, 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
            return;
        }
        lock_relax();
    }
    while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0) {
        cellar__os_wait(&lock->state, 2);
    }
}

void cellar__lock_release_slow(struct cellar__lock *lock)
{
    cellar__os_wake_one(&lock->state);
}

#if defined(CELLAR_DEBUG) && CELLAR_DEBUG

/* How many locks of each rank this thread holds. */
static __thread unsigned char lock_held[CELLAR_RANK_COUNT];
static __thread bool lock_equal_allowed;

enum cellar__rank cellar__lock_highest_held(void)
{
    for (unsigned rank = CELLAR_RANK_COUNT - 1; rank > CELLAR_RANK_NONE; rank--) {
        if (lock_held[rank] != 0) {
            return (enum cellar__rank)rank;
        }
    }
    return CELLAR_RANK_NONE;
}

void cellar__lock_check_acquire(const struct cellar__lock *lock)
{
    uint32_t highest = cellar__lock_highest_held();
    CELLAR_REQUIRE(lock->rank > CELLAR_RANK_NONE && lock->rank < CELLAR_RANK_COUNT);
    CELLAR_REQUIRE(highest < lock->rank || (lock_equal_allowed && highest == lock->rank));
    lock_held[lock->rank]++;
}

void cellar__lock_check_release(const struct cellar__lock *lock)
{
    CELLAR_REQUIRE(lock_held[lock->rank] > 0);
    lock_held[lock->rank]--;
}

void cellar__lock_allow_equal(bool allowed)
{
    lock_equal_allowed = allowed;
}

#else

enum cellar__rank cellar__lock_highest_held(void)
{
    return CELLAR_RANK_NONE;
}

void cellar__lock_allow_equal(bool allowed)
{
    (void)allowed;
}

#endif
