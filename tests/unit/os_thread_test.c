/* levels: base os; sanitize: no */
/* The library's own thread: what it may rely on, how it ends, and what refuses it. */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "os/fault.h"
#include "os/lock.h"
#include "os/os.h"
#include "os/thread.h"
#include "test.h"

static __thread uint64_t local = 7;

static struct cellar__os_thread thread;
static struct {
    uint64_t local_at_begin;
    uint64_t self;
    uint64_t mask; /* of signals */
    pid_t tid;
    char name[16];
} seen;
static int gate; /* atomic */
static struct cellar__lock lock = CELLAR_LOCK_INIT(CELLAR_RANK_META);

static int note(void *arg)
{
    seen.local_at_begin = local;
    local = (uintptr_t)arg;
    cellar__os_thread_set_name("a name");
    syscall(SYS_prctl, PR_GET_NAME, seen.name, 0, 0, 0);
    seen.self = cellar__lock_self();
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &seen.mask, sizeof seen.mask);
    seen.tid = (pid_t)syscall(SYS_gettid);
    cellar__lock_acquire(&lock); /* thread-local variables of the os level work as well */
    cellar__lock_release(&lock);
    return 0;
}

static int wait_for_gate(void *unused)
{
    (void)unused;
    while (__atomic_load_n(&gate, __ATOMIC_ACQUIRE) == 0) {
        usleep(100);
    }
    return 0;
}

TEST(it_has_its_own_variables_and_no_signals)
{
    CHECK_EQ(cellar__os_thread_start(&thread, note, (void *)11, &local), 0);
    cellar__os_thread_join(&thread);
    CHECK_EQ(seen.local_at_begin, 0);
    CHECK_EQ(local, 7);
    CHECK(seen.self != cellar__lock_self());
    CHECK(seen.tid != (pid_t)syscall(SYS_gettid));
    CHECK_STR(seen.name, "a name");
    for (int number = 1; number <= 64; number++) {
        bool is_blocked = (seen.mask >> (number - 1) & 1) != 0;
        CHECK(is_blocked || number == SIGKILL || number == SIGSTOP);
    }
}

TEST(the_starter_keeps_its_signals_and_errno)
{
    uint64_t before;
    uint64_t after;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &before, sizeof before);
    errno = EXDEV;
    CHECK_EQ(cellar__os_thread_start(&thread, note, NULL, &local), 0);
    CHECK_EQ(errno, EXDEV);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &after, sizeof after);
    CHECK_EQ(after, before);
    cellar__os_thread_join(&thread);
}

TEST(it_can_be_started_again_on_the_same_memory)
{
    const char *memory = thread.memory;
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(cellar__os_thread_start(&thread, note, NULL, &local), 0);
        cellar__os_thread_join(&thread);
        CHECK_EQ(thread.tid, 0);
    }
    CHECK_PTR(thread.memory, memory);
}

TEST(join_waits_for_the_end)
{
    gate = 0;
    CHECK_EQ(cellar__os_thread_start(&thread, wait_for_gate, NULL, &local), 0);
    CHECK(__atomic_load_n(&thread.tid, __ATOMIC_ACQUIRE) != 0);
    __atomic_store_n(&gate, 1, __ATOMIC_RELEASE);
    cellar__os_thread_join(&thread);
    CHECK_EQ(thread.tid, 0);
}

/* The child has done its checks; the parent's thread may go. */
static void end_both(pid_t child)
{
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    __atomic_store_n(&gate, 1, __ATOMIC_RELEASE);
    cellar__os_thread_join(&thread);
}

TEST(the_child_of_fork_has_none)
{
    gate = 0;
    CHECK_EQ(cellar__os_thread_start(&thread, wait_for_gate, NULL, &local), 0);
    pid_t child = fork();
    if (child == 0) {
        cellar__os_thread_forget(&thread);
        cellar__os_thread_join(&thread); /* nothing to wait for */
        CHECK_EQ(cellar__os_thread_start(&thread, note, NULL, &local), 0);
        cellar__os_thread_join(&thread);
        _exit(0);
    }
    end_both(child);
}

static int leave_traces(void *unused)
{
    local = 5;
    return wait_for_gate(unused);
}

/* The child's own thread finds its variables zero, whatever the parent's was at, and whatever the kernel says. */
TEST(the_child_of_fork_begins_afresh)
{
    for (int refused = 0; refused < 2; refused++) {
        gate = 0;
        CHECK_EQ(cellar__os_thread_start(&thread, leave_traces, NULL, &local), 0);
        usleep(10000);
        pid_t child = fork();
        if (child == 0) {
            cellar__fault_arm(CELLAR_FAULT_PURGE, 0, (uint32_t)refused);
            cellar__os_thread_forget(&thread);
            seen.local_at_begin = 1;
            CHECK_EQ(cellar__os_thread_start(&thread, note, NULL, &local), 0);
            cellar__os_thread_join(&thread);
            CHECK_EQ(seen.local_at_begin, 0);
            _exit(0);
        }
        end_both(child);
    }
}

TEST(what_is_refused)
{
    static struct cellar__os_thread fresh;
    errno = EXDEV;
    cellar__fault_arm(CELLAR_FAULT_THREAD, 0, 1);
    CHECK_EQ(cellar__os_thread_start(&fresh, note, NULL, &local), -EAGAIN);
    cellar__fault_arm(CELLAR_FAULT_RESERVE, 0, 1);
    CHECK_EQ(cellar__os_thread_start(&fresh, note, NULL, &local), -ENOMEM);
    cellar__fault_arm(CELLAR_FAULT_COMMIT, 0, 1);
    CHECK_EQ(cellar__os_thread_start(&fresh, note, NULL, &local), -ENOMEM);
    cellar__fault_disarm_all();
    CHECK_EQ(errno, EXDEV);
    CHECK_PTR(fresh.memory, NULL);
    CHECK_EQ(cellar__os_thread_start(&fresh, note, NULL, &local), 0);
    cellar__os_thread_join(&fresh);
}

/* Again and again, and in a child: or never. */
TEST(threads_are_fenced)
{
    struct test_child child;
    bool is_fenced = cellar__os_fence_threads();
    CHECK_EQ(cellar__os_fence_threads(), is_fenced);
    cellar__fault_arm(CELLAR_FAULT_FENCE, 0, 1);
    CHECK(!cellar__os_fence_threads());
    cellar__fault_disarm_all();
    CHECK_EQ(cellar__os_fence_threads(), is_fenced);
    if (test_child_fork(&child)) {
        CHECK_EQ(cellar__os_fence_threads(), is_fenced);
        _exit(0);
    }
    test_child_wait(&child);
    CHECK(test_child_ended(&child, 0, 0));
}

/* In a child that may become somebody else: what its own thread sees before and after. */
static int stale[2];
static int changed; /* atomic */

static int look_twice(void *unused)
{
    (void)unused;
    int dumpable = cellar__os_dumpable();
    stale[0] = cellar__os_thread_is_stale(dumpable);
    __atomic_store_n(&gate, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&changed, __ATOMIC_ACQUIRE) == 0) {
        cellar__os_wait_for(&(uint32_t){0}, 0, 1000000);
    }
    stale[1] = cellar__os_thread_is_stale(dumpable);
    return 0;
}

/* The child's status: 0 when the thread saw what it should. */
static int change_user(bool really, bool dumpable_again)
{
    gate = 0;
    pid_t child = fork();
    if (child == 0) {
        if (cellar__os_thread_start(&thread, look_twice, NULL, &local) != 0) {
            _exit(2);
        }
        while (__atomic_load_n(&gate, __ATOMIC_ACQUIRE) == 0) {
            usleep(100);
        }
        if (really && setuid(65534) != 0) {
            _exit(3);
        }
        if (dumpable_again) {
            prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        }
        __atomic_store_n(&changed, 1, __ATOMIC_RELEASE);
        cellar__os_thread_join(&thread);
        _exit(stale[0] == 0 && stale[1] == really ? 0 : 4);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    return status;
}

TEST(it_sees_a_change_of_credentials)
{
    CHECK_EQ(change_user(false, false), 0);
    if (geteuid() != 0) {
        return; /* only root can become somebody else */
    }
    CHECK_EQ(change_user(true, false), 0);
    CHECK_EQ(change_user(true, true), 0);
}

TEST_MAIN()
