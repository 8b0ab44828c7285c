/*
 * A mutex of one word that sleeps in the kernel only when it has to.
 * Source: Drepper, "Futexes Are Tricky" (2011), third mutex: 0 free, 1 held, 2 held and perhaps waited for.
 *
 * A waiter first tries for a short while: on a machine with several CPUs the holder is usually a few hundred
 * instructions from the end. It gives up early, because a holder that was preempted cannot be helped by spinning.
 * Debug builds check that ranks rise (base/rank.h). Locks are never copied and need no destruction.
 */
#ifndef CELLAR_OS_LOCK_H
#define CELLAR_OS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/rank.h"

struct cellar__lock {
    uint32_t state;
    uint32_t rank; /* enum cellar__rank */
};

#define CELLAR_LOCK_INIT(lock_rank)                                                                          \
    {                                                                                                        \
        0, (lock_rank)                                                                                       \
    }

void cellar__lock_init(struct cellar__lock *lock, enum cellar__rank rank);
void cellar__lock_acquire_slow(struct cellar__lock *lock);
void cellar__lock_release_slow(struct cellar__lock *lock);

#if defined(CELLAR_DEBUG) && CELLAR_DEBUG
void cellar__lock_check_acquire(const struct cellar__lock *lock);
void cellar__lock_check_release(const struct cellar__lock *lock);
#else
CELLAR_INLINE void cellar__lock_check_acquire(const struct cellar__lock *lock)
{
    (void)lock;
}
CELLAR_INLINE void cellar__lock_check_release(const struct cellar__lock *lock)
{
    (void)lock;
}
#endif

/* Lets locks of one rank nest (fork holds every keg); the caller vouches for their order. Debug builds only. */
void cellar__lock_allow_equal(bool allowed);

/* Debug builds: the highest rank this thread holds; CELLAR_RANK_NONE otherwise. */
enum cellar__rank cellar__lock_highest_held(void);

CELLAR_INLINE void cellar__lock_acquire(struct cellar__lock *lock)
{
    uint32_t expected = 0;
    cellar__lock_check_acquire(lock);
    if (CELLAR_UNLIKELY(!__atomic_compare_exchange_n(&lock->state, &expected, 1, false, __ATOMIC_ACQUIRE,
                                                     __ATOMIC_RELAXED))) {
        cellar__lock_acquire_slow(lock);
    }
}

CELLAR_INLINE bool cellar__lock_try(struct cellar__lock *lock)
{
    uint32_t expected = 0;
    if (!__atomic_compare_exchange_n(&lock->state, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        return false;
    }
    cellar__lock_check_acquire(lock);
    return true;
}

CELLAR_INLINE void cellar__lock_release(struct cellar__lock *lock)
{
    cellar__lock_check_release(lock);
    if (CELLAR_UNLIKELY(__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)) {
        cellar__lock_release_slow(lock);
    }
}

#endif
