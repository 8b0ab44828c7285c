/*
 * What the rows of the conformance table share. A row is a program that knows nothing of the allocator it runs on: that
 * is preloaded. It ends with status 0, or with 1 and one short reason on stdout; with ROW_NOT_APPLICABLE where it has
 * nothing to say.
 *
 * Allocation functions are called through volatile pointers (row_malloc ...): a compiler that knew what they promise
 * would drop and fold the very calls that a row is about.
 */
#ifndef CONFORMANCE_ROW_H
#define CONFORMANCE_ROW_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROW_NOT_APPLICABLE = 77,
    ROW_ODD_ERRNO = 4242, /* no call sets it */
};

#define ROW_COUNTOF(array) (sizeof(array) / sizeof((array)[0]))
#define ROW_UNUSED __attribute__((unused))
#define ROW_KIB ((size_t)1 << 10)
#define ROW_MIB ((size_t)1 << 20)
#define ROW_GIB ((size_t)1 << 30)

#define ROW_FUNCTION(result, name, parameters)                                                               \
    static result(*volatile row_##name) parameters ROW_UNUSED = name

ROW_FUNCTION(void *, malloc, (size_t));
ROW_FUNCTION(void *, calloc, (size_t, size_t));
ROW_FUNCTION(void *, realloc, (void *, size_t));
ROW_FUNCTION(void *, reallocarray, (void *, size_t, size_t));
ROW_FUNCTION(void *, aligned_alloc, (size_t, size_t));
ROW_FUNCTION(void *, memalign, (size_t, size_t));
ROW_FUNCTION(int, posix_memalign, (void **, size_t, size_t));
ROW_FUNCTION(void *, valloc, (size_t));
ROW_FUNCTION(void *, pvalloc, (size_t));
ROW_FUNCTION(size_t, malloc_usable_size, (void *));
ROW_FUNCTION(void, free, (void *));

/* ---- how a row ends ---- */

ROW_UNUSED static void row_write(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written <= 0) {
            return;
        }
        text += written;
        length -= (size_t)written;
    }
}

/* The heap may be broken: this allocates nothing and runs no exit handlers. */
__attribute__((noreturn, format(printf, 2, 3))) static void row_end(int status, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text) - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof(text) - 2) {
        length = (int)sizeof(text) - 2;
    }
    text[length++] = '\n';
    row_write(STDOUT_FILENO, text, (size_t)length);
    _exit(status);
}

#define row_fail(...) row_end(1, __VA_ARGS__)
#define row_not_applicable(...) row_end(ROW_NOT_APPLICABLE, __VA_ARGS__)

#define ROW_CHECK(condition, ...)                                                                            \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            row_fail(__VA_ARGS__);                                                                           \
        }                                                                                                    \
    } while (0)

/* ---- blocks ---- */

/* A block that the row needs; where it is NULL the row has failed. */
ROW_UNUSED static void *row_get(size_t size)
{
    void *block = row_malloc(size);
    ROW_CHECK(block != NULL, "malloc(%zu) fails: %s", size, strerror(errno));
    return block;
}

static uint64_t row_word(uint64_t seed, size_t index)
{
    return (seed + 1) * 0x9E3779B97F4A7C15u + index * 0xBF58476D1CE4E5B9u;
}

/* Writes all bytes of the block, each depending on the seed and on its place. */
ROW_UNUSED static void row_fill(void *block, size_t size, uint64_t seed)
{
    char *to = (char *)block;
    size_t words = size / sizeof(uint64_t);
    for (size_t i = 0; i < words; i++) {
        uint64_t word = row_word(seed, i);
        memcpy(to + i * sizeof(word), &word, sizeof(word));
    }
    uint64_t last = row_word(seed, words);
    memcpy(to + words * sizeof(last), &last, size % sizeof(last));
}

ROW_UNUSED static int row_holds(const void *block, size_t size, uint64_t seed)
{
    const char *from = (const char *)block;
    size_t words = size / sizeof(uint64_t);
    uint64_t last = row_word(seed, words);
    uint64_t differs = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, from + i * sizeof(word), sizeof(word));
        differs |= word ^ row_word(seed, i);
    }
    return differs == 0 && memcmp(from + words * sizeof(last), &last, size % sizeof(last)) == 0;
}

/* Whether all bytes are this one. */
ROW_UNUSED static int row_all(const void *block, size_t size, int byte)
{
    const unsigned char *from = (const unsigned char *)block;
    return size == 0 || (from[0] == byte && memcmp(from, from + 1, size - 1) == 0);
}

ROW_UNUSED static int row_aligned(const void *block, size_t alignment)
{
    return (uintptr_t)block % alignment == 0;
}

ROW_UNUSED static uint64_t row_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- the process ---- */

/* Reads a file without allocating; the text is ended by a zero. */
ROW_UNUSED static size_t row_read(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    for (ssize_t got; fd >= 0 && length < room - 1; length += (size_t)got) {
        got = read(fd, text + length, room - 1 - length);
        if (got <= 0) {
            break;
        }
    }
    close(fd);
    text[length] = 0;
    return length;
}

/* Resident bytes that are not of a file. */
ROW_UNUSED static size_t row_rss(void)
{
    char text[128];
    size_t size = 0, resident = 0, shared = 0;
    row_read("/proc/self/statm", text, sizeof(text));
    if (sscanf(text, "%zu %zu %zu", &size, &resident, &shared) != 3) {
        row_fail("cannot read /proc/self/statm");
    }
    return (resident - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

/* Starts this program again, with one argument, so that main sees what changed from its first instruction on. */
ROW_UNUSED static void row_again(const char *argument)
{
    char name[] = "row";
    char *arguments[] = {name, (char *)argument, NULL};
    execv("/proc/self/exe", arguments);
    row_fail("cannot start itself again: %s", strerror(errno));
}

/* The address of a function of the allocator under test; NULL where it has none, also where libc's would be found:
   that one serves another heap. */
ROW_UNUSED static void *row_own(const char *name)
{
    Dl_info of_malloc, of_function;
    void *function = dlsym(RTLD_DEFAULT, name);
    if (function == NULL || dladdr(function, &of_function) == 0 ||
        dladdr(dlsym(RTLD_DEFAULT, "malloc"), &of_malloc) == 0) {
        return NULL;
    }
    return of_function.dli_fbase == of_malloc.dli_fbase ? function : NULL;
}

ROW_UNUSED static void *row_own_or_absent(const char *name)
{
    void *function = row_own(name);
    ROW_CHECK(function != NULL, "absent");
    return function;
}

/* ---- children ---- */

/* How a child ended, and what it wrote to stderr. */
struct row_result {
    int status;
    char text[2048];
};

/* Runs the body in a child that leaves no core file. */
ROW_UNUSED static struct row_result row_child(void (*body)(void *), void *argument)
{
    struct row_result result;
    int ends[2];
    ROW_CHECK(pipe(ends) == 0, "no pipe: %s", strerror(errno));
    pid_t pid = fork();
    ROW_CHECK(pid >= 0, "fork fails: %s", strerror(errno));
    if (pid == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body(argument);
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (;;) {
        char rest[256];
        int full = length == sizeof(result.text) - 1;
        ssize_t got = full ? read(ends[0], rest, sizeof(rest))
                           : read(ends[0], result.text + length, sizeof(result.text) - 1 - length);
        if (got <= 0) {
            break;
        }
        length += full ? 0 : (size_t)got;
    }
    result.text[length] = 0;
    close(ends[0]);
    ROW_CHECK(waitpid(pid, &result.status, 0) == pid, "no child to wait for");
    return result;
}

/* A child that failed has given its reason. */
ROW_UNUSED static void row_require(int status, const char *what)
{
    if (WIFSIGNALED(status)) {
        row_fail("%s: SIG%s", what, sigabbrev_np(WTERMSIG(status)));
    }
    if (WEXITSTATUS(status) == 1) {
        _exit(1);
    }
    ROW_CHECK(WEXITSTATUS(status) == 0, "%s: exit status %d", what, WEXITSTATUS(status));
}

/* The body in a child, which has to end well. */
ROW_UNUSED static void row_survive(void (*body)(void *), void *argument, const char *what)
{
    fflush(NULL);
    pid_t pid = fork();
    ROW_CHECK(pid >= 0, "fork fails: %s", strerror(errno));
    if (pid == 0) {
        body(argument);
        _exit(0);
    }
    int status;
    ROW_CHECK(waitpid(pid, &status, 0) == pid, "no child to wait for");
    row_require(status, what);
}

#endif
