/*
 * A thread of the library's own, for work that the program does not wait for.
 *
 * It is no thread of libc's, which allocates to make one and may free with locks of its own held: free could not start it.
 * It has a stack and a block for thread-local variables of our own, and blocks every signal, so that no handler of the
 * program ever runs on it. What it calls may use the library's thread-local variables, raw system calls and those
 * functions of libc that touch no thread-local variable of libc's: clock_gettime and memcpy, say.
 *
 *   memory   [ guard | stack ............ <- ][ thread-local variables | thread pointer -> | what libc has there ]
 *
 * libc learns nothing of it: to be run by a program in one thread, it must leave the state of libc alone.
 */
#ifndef CELLAR_OS_THREAD_H
#define CELLAR_OS_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define CELLAR_OS_IS_ALONE __libc_single_threaded
#else
#define CELLAR_OS_IS_ALONE 0 /* this libc does not say */
#endif

struct cellar__os_thread {
    uint32_t tid; /* atomic; 0: none. The kernel clears it at the thread's end. */
    char *memory; /* made at the first start, kept for the next */
    size_t size;
};

/*
 * Runs run(arg) in a new thread, which ends when it returns. None may be there already. `local` is that of
 * the caller's thread-local variables that run uses; the thread's own is zero at first.
 * 0 or -errno: the kernel refuses, there is no memory, or a sanitizer is at work, which could not follow.
 */
int cellar__os_thread_start(struct cellar__os_thread *thread, int (*run)(void *arg), void *arg,
                            const void *local);

/*
 * A fence in every thread of the process: of what each does, all before some point in the call is seen by the caller afterwards,
 * and all after that point sees what the caller did before. So one side of an agreement can do without fences of its own.
 * False: the kernel has no such call (Linux 4.14), or refuses, or a sanitizer is at work, which could not follow.
 */
bool cellar__os_fence_threads(void);

/* Names the calling thread, for ps and debuggers; at most 15 bytes. */
void cellar__os_thread_set_name(const char *name);

/*
 * Whether the program has no thread but the calling one, which alone can change that: then it need not agree with others
 * by an atomic instruction. A thread of the library's own may run all the same.
 */
CELLAR_INLINE bool cellar__os_thread_is_alone(void)
{
    return CELLAR_OS_IS_ALONE != 0;
}

/* Waits until the thread is gone. It must be about to end. */
void cellar__os_thread_join(struct cellar__os_thread *thread);

/* In the child after fork: the thread does not exist here. */
void cellar__os_thread_forget(struct cellar__os_thread *thread);

/*
 * Whether the credentials of the process are no longer those of the calling thread: setuid and its kin are libc's
 * business, which tells its own threads alone. One system call for the kernel's mark of such a change, and one for the
 * owner of /proc/self; no descriptor is opened. `dumpable` is what cellar__os_dumpable said before the thread was made.
 */
bool cellar__os_thread_is_stale(int dumpable);
int cellar__os_dumpable(void);

#endif
