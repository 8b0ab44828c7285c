#define _GNU_SOURCE
#include "fake/os.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/bits.h"

struct fake_os fake_os = {
    .machine = {.page_size = 4096, .ncpus = 2, .address_limit = SIZE_MAX},
    .now_ns = 1000000000,
    .reserve_max = SIZE_MAX,
    .commit_max = SIZE_MAX,
};

static void fake_note(struct fake_call *call, void *addr, size_t size)
{
    call->count++;
    call->addr = addr;
    call->size = size;
}

const struct cellar__machine *cellar__os_machine(void)
{
    return &fake_os.machine;
}

static void *fake_mmap(size_t size, size_t align, void *hint, int protection)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    if (fake_os.reserve_at != NULL) {
        void *at = mmap(fake_os.reserve_at, size, protection, flags | MAP_FIXED_NOREPLACE, -1, 0);
        return at == MAP_FAILED ? NULL : at;
    }
    char *wished = mmap(hint, size, protection, flags, -1, 0);
    if (wished == MAP_FAILED || (uintptr_t)wished % align == 0) {
        return wished == MAP_FAILED ? NULL : wished;
    }
    munmap(wished, size);
    char *raw = mmap(NULL, size + align, protection, flags, -1, 0);
    if (raw == MAP_FAILED) {
        return NULL;
    }
    char *begin = (char *)cellar__round_up((uintptr_t)raw, align);
    if (begin != raw) {
        munmap(raw, (size_t)(begin - raw));
    }
    munmap(begin + size, align - (size_t)(begin - raw));
    return begin;
}

void *cellar__os_reserve(size_t size, size_t align, void *hint)
{
    void *base = NULL;
    if (!fake_os.refuse_reserve && size <= fake_os.reserve_max) {
        base = fake_mmap(size, align, hint, PROT_NONE);
    }
    fake_os.reserve_first_hint = fake_os.reserve.count == 0 ? hint : fake_os.reserve_first_hint;
    fake_os.reserve_hint = hint;
    fake_note(&fake_os.reserve, base, size);
    return base;
}

int cellar__os_commit(void *addr, size_t size)
{
    fake_note(&fake_os.commit, addr, size);
    if (fake_os.refuse_commit || size > fake_os.commit_max) {
        return -ENOMEM;
    }
    return mprotect(addr, size, PROT_READ | PROT_WRITE) == 0 ? 0 : -errno;
}

void *cellar__os_map(size_t size, size_t align)
{
    void *addr = cellar__os_reserve(size, align, NULL);
    return addr != NULL && cellar__os_commit(addr, size) == 0 ? addr : NULL;
}

void *cellar__os_map_zeros(size_t size)
{
    char *base = cellar__os_reserve(size, fake_os.machine.page_size, NULL);
    return base != NULL && mprotect(base, size, PROT_READ) == 0 ? base : NULL;
}

int cellar__os_open(void *addr, size_t size)
{
    return cellar__os_commit(addr, size);
}

int cellar__os_purge(void *addr, size_t size)
{
    fake_note(&fake_os.purge, addr, size);
    if (fake_os.refuse_purge) {
        return -EAGAIN;
    }
    return madvise(addr, size, MADV_DONTNEED) == 0 ? 0 : -errno;
}

int cellar__os_unmap(void *addr, size_t size)
{
    fake_note(&fake_os.unmap, addr, size);
    if (fake_os.refuse_unmap) {
        return -ENOMEM;
    }
    return munmap(addr, size) == 0 ? 0 : -errno;
}

void cellar__os_name(void *addr, size_t size, const char *name)
{
    fake_note(&fake_os.name, addr, size);
    fake_os.name_text = name;
}

uint64_t cellar__os_now_ns(void)
{
    return fake_os.now_ns;
}

/* One thread only: nobody to wait for. */
void cellar__os_wait(uint32_t *word, uint32_t value)
{
    (void)word;
    (void)value;
    __builtin_trap();
}

void cellar__os_wait_for(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
    (void)timeout_ns;
    cellar__os_wait(word, value);
}

/* A mask that only this pair knows: a test sees whether each block was undone, the innermost first. */
uint64_t cellar__os_signals_block(void)
{
    return fake_os.signals_blocked++;
}

void cellar__os_signals_restore(uint64_t mask)
{
    if (mask != --fake_os.signals_blocked) {
        __builtin_trap();
    }
}

void cellar__os_wake_one(uint32_t *word)
{
    (void)word;
}
