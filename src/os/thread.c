#define _GNU_SOURCE
#include "os/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "os/fault.h"
#include "os/linux_call.h"
#include "os/lock.h"
#include "os/os.h"

#define THREAD_STACK ((size_t)64 << 10)
#define THREAD_ABOVE ((size_t)4 << 10) /* above the thread pointer, for code of libc to look at: zeros */
#define THREAD_JOIN_NS UINT64_C(1000000)

#define THREAD_MEMBARRIER (1 << 3) /* MEMBARRIER_CMD_PRIVATE_EXPEDITED */
#define THREAD_MEMBARRIER_REGISTER (1 << 4)

/* Those of pthread_create, to the bit: sandboxes let these pass and no others. */
#define THREAD_FLAGS                                                                                         \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS |       \
     CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define THREAD_IS_POSSIBLE false
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define THREAD_IS_POSSIBLE false
#endif
#endif
#ifndef THREAD_IS_POSSIBLE
#define THREAD_IS_POSSIBLE true
#endif

/* Bytes from the variable to the thread pointer, or the other way round, and the variable's own. */
static size_t thread_reach(const void *local)
{
    const char *pointer = __builtin_thread_pointer();
    const char *at = local;
    return (size_t)(at < pointer ? pointer - at : at - pointer) + CELLAR_CACHE_LINE;
}

static int thread_make_memory(struct cellar__os_thread *thread, const void *local)
{
    size_t page_size = cellar__os_machine()->page_size;
    size_t reach = cellar__max(thread_reach(local), thread_reach(cellar__lock_local()));
    size_t size = cellar__round_up(page_size + THREAD_STACK + 2 * reach + THREAD_ABOVE, page_size);
    char *memory = cellar__os_reserve(size, page_size, NULL);
    if (memory == NULL) {
        return -ENOMEM;
    }
    if (cellar__os_commit(memory + page_size, size - page_size) != 0) {
        cellar__os_unmap(memory, size);
        return -ENOMEM;
    }
    thread->memory = memory;
    thread->size = size;
    return 0;
}

static char *thread_stack_end(const struct cellar__os_thread *thread)
{
    return thread->memory + cellar__os_machine()->page_size + THREAD_STACK;
}

/* The thread pointer, and what code on x86 finds there: the pointer itself. */
static char *thread_make_pointer(struct cellar__os_thread *thread)
{
    char *begin = thread_stack_end(thread);
    char *end = thread->memory + thread->size - THREAD_ABOVE;
    char *pointer = begin + cellar__round_down((uintptr_t)(end - begin) / 2, CELLAR_CACHE_LINE);
#if defined(__x86_64__)
    ((void **)pointer)[0] = pointer;
    ((void **)pointer)[2] = pointer;
#endif
    return pointer;
}

static int thread_clone(struct cellar__os_thread *thread, int (*run)(void *arg), void *arg)
{
    static const uint64_t all = ~UINT64_C(0);
    uint64_t mask = 0;
    char *pointer = thread_make_pointer(thread);
    int saved = errno;
    CELLAR_CALL4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof mask);
    int tid = clone(run, thread_stack_end(thread), THREAD_FLAGS, arg, &thread->tid, pointer, &thread->tid);
    int status = tid > 0 ? 0 : -errno;
    CELLAR_CALL4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
    errno = saved;
    return status;
}

int cellar__os_thread_start(struct cellar__os_thread *thread, int (*run)(void *arg), void *arg,
                            const void *local)
{
    if (!THREAD_IS_POSSIBLE) {
        return -ENOSYS;
    }
    if (cellar__fault_hits(CELLAR_FAULT_THREAD)) {
        return -EAGAIN;
    }
    if (thread->memory == NULL) {
        int status = thread_make_memory(thread, local);
        if (status != 0) {
            return status;
        }
        cellar__os_name(thread->memory, thread->size, "cellar thread");
    }
    return thread_clone(thread, run, arg);
}

void cellar__os_thread_join(struct cellar__os_thread *thread)
{
    /* The kernel's wake goes to waiters of shared words; so this one looks again by itself. */
    for (uint32_t tid; (tid = __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE)) != 0;) {
        cellar__os_wait_for(&thread->tid, tid, THREAD_JOIN_NS);
    }
}

void cellar__os_thread_forget(struct cellar__os_thread *thread)
{
    /* Its variables are as the parent's thread had them in the middle of something. */
    if (thread->memory != NULL) {
        char *begin = thread_stack_end(thread);
        if (cellar__os_purge(begin, (size_t)(thread->memory + thread->size - begin)) != 0) {
            thread->memory = NULL; /* lost; the next start makes another */
        }
    }
    __atomic_store_n(&thread->tid, 0, __ATOMIC_RELEASE);
}

bool cellar__os_fence_threads(void)
{
    if (!THREAD_IS_POSSIBLE || cellar__fault_hits(CELLAR_FAULT_FENCE)) {
        return false;
    }
    CELLAR_CALL2(SYS_membarrier, THREAD_MEMBARRIER_REGISTER, 0); /* nothing but the first time in a process */
    return CELLAR_CALL2(SYS_membarrier, THREAD_MEMBARRIER, 0) == 0;
}

void cellar__os_thread_set_name(const char *name)
{
    CELLAR_CALL2(SYS_prctl, PR_SET_NAME, name);
}

int cellar__os_dumpable(void)
{
    return (int)CELLAR_CALL1(SYS_prctl, PR_GET_DUMPABLE);
}

bool cellar__os_thread_is_stale(int dumpable)
{
    struct stat self = {0};
    if (cellar__os_dumpable() != dumpable) {
        return true;
    }
    long status = CELLAR_CALL4(SYS_newfstatat, AT_FDCWD, "/proc/self", &self, 0);
    return status == 0 && dumpable == 1 && self.st_uid != (uid_t)CELLAR_CALL0(SYS_geteuid);
}
