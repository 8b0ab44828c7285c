/*
 * Faults of the kernel for any allocator: a seccomp filter makes system calls fail. A filter cannot be taken back, and
 * what is not counted by fault_count holds across execv too.
 */
#ifndef CONFORMANCE_FAULT_H
#define CONFORMANCE_FAULT_H

#include "row.h" /* first: it asks for GNU declarations */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define FAULT_DATA(field) ((unsigned)offsetof(struct seccomp_data, field))
#define FAULT_LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define FAULT_JUMP(test, value, then, otherwise)                                                             \
    BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (then), (otherwise))
#define FAULT_RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))

static void fault_install(struct sock_filter *filter, size_t length)
{
    struct sock_fprog program = {(unsigned short)length, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        row_fail("cannot install a seccomp filter: %s", strerror(errno));
    }
}

/* From now on the system call fails with ENOMEM. */
ROW_UNUSED static void fault_refuse(int call)
{
    struct sock_filter filter[] = {
        FAULT_LOAD(FAULT_DATA(nr)),
        FAULT_JUMP(BPF_JEQ, (unsigned)call, 0, 1),
        FAULT_RETURN(SECCOMP_RET_ERRNO | ENOMEM),
        FAULT_RETURN(SECCOMP_RET_ALLOW),
    };
    fault_install(filter, ROW_COUNTOF(filter));
}

/* From now on no mapping is larger than this (below 4 GiB), whatever its protection: a machine that does not overcommit
   refuses the writable ones, a limit on addresses refuses them all. */
ROW_UNUSED static void fault_refuse_larger(unsigned size)
{
    struct sock_filter filter[] = {
        FAULT_LOAD(FAULT_DATA(nr)),          FAULT_JUMP(BPF_JEQ, SYS_mmap, 0, 5),
        FAULT_LOAD(FAULT_DATA(args[1]) + 4), /* little endian: the upper half */
        FAULT_JUMP(BPF_JGT, 0, 2, 0),        FAULT_LOAD(FAULT_DATA(args[1])),
        FAULT_JUMP(BPF_JGT, size, 0, 1),     FAULT_RETURN(SECCOMP_RET_ERRNO | ENOMEM),
        FAULT_RETURN(SECCOMP_RET_ALLOW),
    };
    fault_install(filter, ROW_COUNTOF(filter));
}

/* ---- the n-th call ---- */

/* fault_call(number, six arguments): the one system call instruction that fault_count lets through. */
#if defined(__x86_64__)
__asm__(".text\n"
        "fault_call:\n"
        "    mov %rdi, %rax\n    mov %rsi, %rdi\n    mov %rdx, %rsi\n    mov %rcx, %rdx\n"
        "    mov %r8, %r10\n    mov %r9, %r8\n    mov 8(%rsp), %r9\n"
        "    syscall\n"
        "fault_call_done:\n"
        "    ret\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        "fault_call:\n"
        "    mov x8, x0\n    mov x0, x1\n    mov x1, x2\n    mov x2, x3\n    mov x3, x4\n    mov x4, x5\n    "
        "mov x5, x6\n"
        "    svc #0\n"
        "fault_call_done:\n"
        "    ret\n");
#else
#error "fault.h: which instruction is a system call here?"
#endif

__attribute__((visibility("hidden"))) extern long fault_call(long, long, long, long, long, long, long);
__attribute__((visibility("hidden"))) extern const char fault_call_done[];

/* Calls counted since fault_count, and those that fail: fault_first and the next fault_length - 1. */
static volatile long fault_counted, fault_first, fault_length;

static long fault_answer(long call, long a, long b, long c, long d, long e, long f)
{
    long number = ++fault_counted;
    if (number >= fault_first && number < fault_first + fault_length) {
        return -ENOMEM;
    }
    return fault_call(call, a, b, c, d, e, f);
}

static void fault_handle(int signal, siginfo_t *info, void *context)
{
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    (void)signal;
#if defined(__x86_64__)
    greg_t *r = machine->gregs;
    r[REG_RAX] =
        fault_answer(info->si_syscall, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]);
#else
    long *r = (long *)machine->regs;
    r[0] = fault_answer(info->si_syscall, r[0], r[1], r[2], r[3], r[4], r[5]);
#endif
}

/* From now on mmap, mprotect and mremap are counted; those from the first-th on, so many, fail with ENOMEM. */
ROW_UNUSED static void fault_count(long first, long length)
{
    uint64_t allowed = (uint64_t)(uintptr_t)fault_call_done;
    struct sock_filter filter[] = {
        FAULT_LOAD(FAULT_DATA(nr)),
        FAULT_JUMP(BPF_JEQ, SYS_mmap, 2, 0),
        FAULT_JUMP(BPF_JEQ, SYS_mprotect, 1, 0),
        FAULT_JUMP(BPF_JEQ, SYS_mremap, 0, 5),
        FAULT_LOAD(FAULT_DATA(instruction_pointer)),
        FAULT_JUMP(BPF_JEQ, (unsigned)allowed, 0, 2),
        FAULT_LOAD(FAULT_DATA(instruction_pointer) + 4),
        FAULT_JUMP(BPF_JEQ, (unsigned)(allowed >> 32), 1, 0),
        FAULT_RETURN(SECCOMP_RET_TRAP),
        FAULT_RETURN(SECCOMP_RET_ALLOW),
    };
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = fault_handle;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, NULL);
    fault_first = first;
    fault_length = length;
    fault_install(filter, ROW_COUNTOF(filter));
}

#endif
