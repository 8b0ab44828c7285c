/*
 * janitor: gives back what waits in vain, also while the program makes no call.
 *
 *   free --call--> janitor --clone--> thread of the library's own (os/thread.h), every decay_ms / 5:
 *                                       runs and mappings that have waited for decay_ms      -> kernel
 *                                       buckets that lay in a depot for all of a round       -> slabs -> dirty runs
 *                                       previous buckets of threads that sleep, parked records  -> the same
 *                                       free pages of slabs that rested for decay_ms         -> kernel
 *                                       and at the end free pages of descriptors             -> kernel
 *                                     ends when nothing waits any more and nobody called in the last round
 *
 * Memory that was freed waits in depots, as dirty runs and as mappings, because the program will most likely want it
 * again. Calls of the program look at the clock; a program that has gone idle makes none. The janitor is there only while
 * something waits in a heap of at least CELLAR_JANITOR_MIN_HELD: the first slow free afterwards makes it anew.
 *
 * The loaded buckets of a thread are its own, and stay. Zones of programs are left to cellar_zone_reclaim, since their hooks
 * are code of the program.
 *
 * The state is one atomic word:
 *
 *   AWAY                nobody is there; a call starts the thread
 *   HERE                the thread is there, and no call came since its round began
 *   HERE | CALLED       the same, and one did; a call has nothing to do
 *   CALLED              forbidden: for good (option), or in a process that shares this memory
 *
 * Leaving is one exchange of HERE for AWAY, which a call in between prevents: nothing is left without a janitor.
 *
 * With one exception: it leaves at once when the credentials of the process have changed, so that no thread of old
 * credentials stays behind setuid; what waits then waits for the next call, which makes one with the new. In the child of
 * fork there is none until a call. When no thread can be had, memory goes back by calls of the program alone, and a new
 * attempt is made after a second.
 *
 * Source: background threads of jemalloc, the kernel's shrinkers.
 */
#ifndef CELLAR_MALLOC_JANITOR_H
#define CELLAR_MALLOC_JANITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "arena/budget.h"
#include "base/attr.h"

#define CELLAR_JANITOR_AWAY 0u
#define CELLAR_JANITOR_HERE 1u
#define CELLAR_JANITOR_CALLED 2u

/* A heap that is smaller is not worth a thread. Bytes. */
#define CELLAR_JANITOR_MIN_HELD ((size_t)4 << 20)

extern uint32_t cellar__janitor_state; /* atomic */

/* From the heap's start, before anybody calls. */
void cellar__janitor_init(bool wanted, uint64_t decay_ms);

void cellar__janitor_call_slow(void);

/* Something was freed that now waits. For slow paths; leaves errno alone. */
CELLAR_INLINE void cellar__janitor_call(void)
{
    uint32_t state = __atomic_load_n(&cellar__janitor_state, __ATOMIC_RELAXED);
    if (CELLAR_UNLIKELY((state & CELLAR_JANITOR_CALLED) == 0) &&
        cellar__budget_held() >= CELLAR_JANITOR_MIN_HELD) {
        cellar__janitor_call_slow();
    }
}

/* In the child after fork. */
void cellar__janitor_forget(void);

#endif
