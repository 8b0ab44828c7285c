/*
 * What a board would bring: an entry, a console, and the four functions that a compiler may call on its own. Here the
 * board is Linux on x86, by its system calls alone. scripts/gate-freestanding links it with examples/fixed_pool.c.
 */
#include <stddef.h>

#if !defined(__clang__)
/* Or gcc takes the loop of memset for a call of memset. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

int main(void);
void report(const char *what, unsigned long value);
void begin(void);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *at, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#if defined(__x86_64__)
enum { START_WRITE = 1, START_EXIT = 60 };

static long start_call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
#elif defined(__i386__)
enum { START_WRITE = 4, START_EXIT = 1 };

static long start_call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}
#endif

/* The stack of a new process is not aligned as a call would leave it. */
__attribute__((force_align_arg_pointer)) void begin(void)
{
    start_call(START_EXIT, main(), 0, 0);
}

static void start_print(const char *text, size_t size)
{
    start_call(START_WRITE, 1, (long)text, (long)size);
}

void report(const char *what, unsigned long value)
{
    char number[24];
    size_t at = sizeof number;
    size_t size = 0;
    number[--at] = '\n';
    do {
        number[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    number[--at] = ' ';
    while (what[size] != '\0') {
        size++;
    }
    start_print(what, size);
    start_print(number + at, sizeof number - at);
}

void *memmove(void *to, const void *from, size_t size)
{
    char *target = to;
    const char *source = from;
    for (size_t i = 0; i < size; i++) {
        size_t at = target < source ? i : size - 1 - i;
        target[at] = source[at];
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return memmove(to, from, size);
}

void *memset(void *at, int value, size_t size)
{
    char *bytes = at;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)value;
    }
    return at;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *left = a;
    const unsigned char *right = b;
    for (size_t i = 0; i < size; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}
