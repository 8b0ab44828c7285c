/*
 * Raw Linux system calls: the result or -errno, errno untouched, nothing that can be interposed.
 * One macro a processor; the numbers come from <sys/syscall.h>.
 */
#ifndef CELLAR_OS_LINUX_CALL_H
#define CELLAR_OS_LINUX_CALL_H

#include <sys/syscall.h>

#include "base/attr.h"

#if defined(__x86_64__)

CELLAR_INLINE long cellar__call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

CELLAR_INLINE long cellar__call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory", "cc");
    return x0;
}

#else
#error "Cellar has no system-call stub for this processor; see os/os.h for what a port supplies"
#endif

#define CELLAR_CALL0(n) cellar__call6(n, 0, 0, 0, 0, 0, 0)
#define CELLAR_CALL1(n, a) cellar__call6(n, (long)(a), 0, 0, 0, 0, 0)
#define CELLAR_CALL2(n, a, b) cellar__call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CELLAR_CALL3(n, a, b, c) cellar__call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CELLAR_CALL4(n, a, b, c, d) cellar__call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CELLAR_CALL5(n, a, b, c, d, e)                                                                       \
    cellar__call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define CELLAR_CALL6(n, a, b, c, d, e, f)                                                                    \
    cellar__call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
