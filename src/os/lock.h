/*
 * A mutex of one word that sleeps in the kernel only when it has to, and knows its holder.
 * Source: Drepper, "Futexes Are Tricky" (2011), third mutex: free, held, held and perhaps waited for.
 *
 * A waiter first tries for a short while: on a machine with several CPUs the holder is usually a few hundred
 * instructions from the end. It gives up early, because a holder that was preempted cannot be helped by spinning.
 *
 * The word holds the thread's own address, with the lowest bit set when somebody may wait. So a thread that comes to a
 * lock which it holds itself is told from one that has to wait: its earlier operation will never end, because a signal
 * handler left it by a longjmp. It gets the lock, `is_abandoned` says that what the lock guards may be half changed,
 * and whoever mends that clears the mark. Should the operation go on after all (the handler did not jump, it
 * allocated), the release finds the lock no longer its own and ends the process.
 *
 * Debug builds check that ranks rise (base/rank.h). Locks are never copied and need no destruction.
 */
#ifndef CELLAR_OS_LOCK_H
#define CELLAR_OS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/rank.h"

#define CELLAR_LOCK_WAITED UINT64_C(1)

struct cellar__lock {
    uint64_t word;     /* 0, or the holder's address and CELLAR_LOCK_WAITED */
    uint32_t rank;     /* enum cellar__rank */
    bool is_abandoned; /* under the lock */
};

#define CELLAR_LOCK_INIT(lock_rank)                                                                          \
    {                                                                                                        \
        0, (lock_rank), false                                                                                \
    }

/* Differs between threads that live at the same time, is even, and is the same in a fork's child. */
CELLAR_INLINE uint64_t cellar__lock_self(void)
{
    return (uintptr_t)__builtin_thread_pointer();
}

void cellar__lock_init(struct cellar__lock *lock, enum cellar__rank rank);
void cellar__lock_acquire_slow(struct cellar__lock *lock);
void cellar__lock_release_slow(struct cellar__lock *lock);

#if defined(CELLAR_DEBUG) && CELLAR_DEBUG
void cellar__lock_check_acquire(const struct cellar__lock *lock);
void cellar__lock_check_release(const struct cellar__lock *lock);

/*
 * The thread comes from the program, so it holds no lock: what an operation that never ended was counted to hold is
 * forgotten.
 */
void cellar__lock_forget_held(void);
#else
CELLAR_INLINE void cellar__lock_forget_held(void) {}
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

/* The thread-local variable of locks, for who makes a thread; without debug builds' one, the thread pointer. */
const void *cellar__lock_local(void);

/* Debug builds: the highest rank this thread holds; CELLAR_RANK_NONE otherwise. */
enum cellar__rank cellar__lock_highest_held(void);

CELLAR_INLINE void cellar__lock_acquire(struct cellar__lock *lock)
{
    uint64_t expected = 0;
    if (CELLAR_UNLIKELY(!__atomic_compare_exchange_n(&lock->word, &expected, cellar__lock_self(), false,
                                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))) {
        cellar__lock_acquire_slow(lock);
        return;
    }
    cellar__lock_check_acquire(lock);
}

/* Never takes over: the lock is not free, whoever holds it. */
CELLAR_INLINE bool cellar__lock_try(struct cellar__lock *lock)
{
    uint64_t expected = 0;
    if (!__atomic_compare_exchange_n(&lock->word, &expected, cellar__lock_self(), false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED)) {
        return false;
    }
    cellar__lock_check_acquire(lock);
    return true;
}

CELLAR_INLINE void cellar__lock_release(struct cellar__lock *lock)
{
    uint64_t expected = cellar__lock_self();
    cellar__lock_check_release(lock);
    if (CELLAR_UNLIKELY(!__atomic_compare_exchange_n(&lock->word, &expected, 0, false, __ATOMIC_RELEASE,
                                                     __ATOMIC_RELAXED))) {
        cellar__lock_release_slow(lock);
    }
}

#endif
