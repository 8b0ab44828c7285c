/*
 * Mappings on Linux. Reservations are PROT_NONE with MAP_NORESERVE: they count against RLIMIT_AS but against no
 * commit limit. Alignment above a page is had by reserving more and giving the ends back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/fault.h"
#include "os/linux_call.h"
#include "os/os.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static bool memory_call_failed(long result)
{
    return (unsigned long)result >= (unsigned long)-4095L;
}

static void *memory_mmap(void *hint, size_t size, int protection, int flags)
{
    long result = CELLAR_CALL6(SYS_mmap, hint, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return memory_call_failed(result) ? NULL : (void *)result;
}

/* Cuts an over-long mapping down to `size` bytes at an aligned address. A cut that fails wastes addresses only. */
static void *memory_trim(char *raw, size_t raw_size, size_t size, size_t align)
{
    char *begin = (char *)cellar__round_up((uintptr_t)raw, align);
    size_t head = (size_t)(begin - raw);
    size_t tail = raw_size - head - size;
    if (head != 0) {
        CELLAR_CALL2(SYS_munmap, raw, head);
    }
    if (tail != 0) {
        CELLAR_CALL2(SYS_munmap, begin + size, tail);
    }
    return begin;
}

static void *memory_mmap_aligned(void *hint, size_t size, size_t align, int protection, int flags)
{
    char *at = memory_mmap(hint, size, protection, flags);
    if (at == NULL || ((uintptr_t)at & (align - 1)) == 0) {
        return at;
    }
    CELLAR_CALL2(SYS_munmap, at, size);
    size_t raw_size;
    if (__builtin_add_overflow(size, align - cellar__os_machine()->page_size, &raw_size)) {
        return NULL;
    }
    at = memory_mmap(NULL, raw_size, protection, flags);
    return at == NULL ? NULL : memory_trim(at, raw_size, size, align);
}

void *cellar__os_reserve(size_t size, size_t align, void *hint)
{
    CELLAR_ASSERT(cellar__is_pow2(align));
    if (cellar__fault_hits(CELLAR_FAULT_RESERVE)) {
        return NULL;
    }
    void *base = memory_mmap_aligned(hint, size, align, PROT_NONE, MAP_NORESERVE);
    if (base != NULL) { /* a core dump is to hold what is committed, not the void around it */
        CELLAR_CALL3(SYS_madvise, base, size, MADV_DONTDUMP);
    }
    return base;
}

int cellar__os_open(void *addr, size_t size)
{
    if (cellar__fault_hits(CELLAR_FAULT_COMMIT)) {
        return -ENOMEM;
    }
    return (int)CELLAR_CALL3(SYS_mprotect, addr, size, PROT_READ | PROT_WRITE);
}

int cellar__os_commit(void *addr, size_t size)
{
    int status = cellar__os_open(addr, size);
    if (status == 0) {
        CELLAR_CALL3(SYS_madvise, addr, size, MADV_DODUMP);
    }
    return status;
}

int cellar__os_purge(void *addr, size_t size)
{
    if (cellar__fault_hits(CELLAR_FAULT_PURGE)) {
        return -ENOMEM;
    }
    return (int)CELLAR_CALL3(SYS_madvise, addr, size, MADV_DONTNEED);
}

void cellar__os_populate(void *addr, size_t size)
{
    CELLAR_CALL3(SYS_madvise, addr, size, MADV_POPULATE_WRITE);
}

int cellar__os_resident(const void *addr, size_t size, bool *ret_pages)
{
    unsigned char pages[CELLAR_OS_RESIDENT_MAX] = {0};
    size_t npages = size / cellar__os_machine()->page_size;
    CELLAR_ASSERT(npages <= CELLAR_OS_RESIDENT_MAX);
    if (cellar__fault_hits(CELLAR_FAULT_RESIDENT)) {
        return -ENOMEM;
    }
    int status = (int)CELLAR_CALL3(SYS_mincore, addr, size, pages);
    for (size_t i = 0; status == 0 && i < npages; i++) {
        ret_pages[i] = (pages[i] & 1) != 0;
    }
    return status;
}

void *cellar__os_map(size_t size, size_t align)
{
    CELLAR_ASSERT(cellar__is_pow2(align));
    if (cellar__fault_hits(CELLAR_FAULT_MAP)) {
        return NULL;
    }
    return memory_mmap_aligned(NULL, size, align, PROT_READ | PROT_WRITE, 0);
}

void *cellar__os_map_zeros(size_t size)
{
    return cellar__fault_hits(CELLAR_FAULT_RESERVE) ? NULL
                                                    : memory_mmap(NULL, size, PROT_READ, MAP_NORESERVE);
}

int cellar__os_unmap(void *addr, size_t size)
{
    if (cellar__fault_hits(CELLAR_FAULT_UNMAP)) {
        return -ENOMEM;
    }
    return (int)CELLAR_CALL2(SYS_munmap, addr, size);
}

void *cellar__os_remap(void *addr, size_t old_size, size_t new_size)
{
    if (cellar__fault_hits(CELLAR_FAULT_REMAP)) {
        return NULL;
    }
    long result = CELLAR_CALL5(SYS_mremap, addr, old_size, new_size, MREMAP_MAYMOVE, 0);
    return memory_call_failed(result) ? NULL : (void *)result;
}

/* A kernel without names says EINVAL to each call, as to a bad address, which nobody here passes: it is asked once. */
void cellar__os_name(void *addr, size_t size, const char *name)
{
    static bool refused;
    if (!__atomic_load_n(&refused, __ATOMIC_RELAXED) &&
        CELLAR_CALL5(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, size, name) == -EINVAL) {
        __atomic_store_n(&refused, true, __ATOMIC_RELAXED);
    }
}

int cellar__os_huge_pages(void *addr, size_t size, bool wanted)
{
    return (int)CELLAR_CALL3(SYS_madvise, addr, size, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}
