/*
 * Records the allocations of a program for the replay of bench/trace.c: preloaded, it passes every call on to the next
 * malloc and appends what happened to the file $BENCH_TRACE. One thread: what others do is not recorded.
 *
 * A record is 16 bytes: the block's address, and its size, or UINT64_MAX for a free.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct record {
    uint64_t address;
    uint64_t size;
};

enum { RECORD_BUFFER = 4096, RECORD_EARLY = 65536 };

static void *(*record_malloc)(size_t size);
static void *(*record_realloc)(void *block, size_t size);
static void (*record_free)(void *block);
static struct record record_buffer[RECORD_BUFFER];
static size_t record_count;
static int record_fd = -1;
static pid_t record_thread;
static char record_early[RECORD_EARLY]; /* dlsym itself allocates */
static size_t record_early_used;

static void record_flush(void)
{
    if (write(record_fd, record_buffer, record_count * sizeof *record_buffer) < 0)
        _exit(3);
    record_count = 0;
}

static void record_add(void *block, uint64_t size)
{
    if (record_fd < 0 || block == NULL || (pid_t)syscall(SYS_gettid) != record_thread)
        return;
    record_buffer[record_count++] = (struct record){(uintptr_t)block, size};
    if (record_count == RECORD_BUFFER)
        record_flush();
}

__attribute__((constructor)) static void record_start(void)
{
    const char *path = getenv("BENCH_TRACE");
    record_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    record_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    record_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    record_thread = (pid_t)syscall(SYS_gettid);
    if (path != NULL)
        record_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void record_end(void)
{
    if (record_fd >= 0)
        record_flush();
}

static int record_is_early(const void *block)
{
    return (const char *)block >= record_early && (const char *)block < record_early + RECORD_EARLY;
}

void *malloc(size_t size)
{
    if (record_malloc == NULL) {
        size_t begin = record_early_used;
        record_early_used += (size + 15) / 16 * 16;
        return record_early_used <= RECORD_EARLY ? record_early + begin : NULL;
    }
    void *block = record_malloc(size);
    record_add(block, size);
    return block;
}

void free(void *block)
{
    if (block == NULL || record_is_early(block))
        return;
    record_add(block, UINT64_MAX);
    record_free(block);
}

void *calloc(size_t count, size_t size)
{
    size_t product;
    if (__builtin_mul_overflow(count, size, &product))
        return NULL;
    void *block = malloc(product);
    return block == NULL ? NULL : memset(block, 0, product);
}

void *realloc(void *block, size_t size)
{
    if (block == NULL || size == 0 || record_is_early(block) || record_realloc == NULL) {
        void *other = size == 0 ? NULL : malloc(size);
        if (other != NULL && block != NULL)
            memcpy(other, block, size); /* from the early blocks: reads on into the next */
        free(block);
        return other;
    }
    void *other = record_realloc(block, size);
    if (other != NULL) {
        record_add(block, UINT64_MAX);
        record_add(other, size);
    }
    return other;
}
