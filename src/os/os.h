/*
 * The porting contract: all that Cellar asks of a kernel. This level is the only code that makes system calls.
 *
 * Errors come back as -errno (or NULL for a mapping); errno itself is never touched, so that free can keep
 * the caller's. No function allocates, blocks on a lock of Cellar's, or needs initialisation by the caller.
 * Sizes and addresses of mappings are multiples of the machine's page size.
 * A port supplies os/linux_call.h (raw calls) for its processor and, off Linux, its own os/memory.c, os/machine.c,
 * os/file.c and os/process.c.
 */
#ifndef CELLAR_OS_OS_H
#define CELLAR_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/* What the machine is, read once when first asked. */
struct cellar__machine {
    size_t page_size;     /* bytes */
    unsigned ncpus;       /* CPUs this process may run on, at least 1 */
    size_t address_limit; /* RLIMIT_AS in bytes, SIZE_MAX when unlimited */
};

const struct cellar__machine *cellar__os_machine(void);

/*
 * Reserves addresses without memory: no access, not charged, in no core dump. `align` is a power of two, at least a page; `hint`
 * may be NULL and is only a wish. NULL when the kernel refuses.
 */
void *cellar__os_reserve(size_t size, size_t align, void *hint);

/* Makes reserved pages readable and writable, and part of a core dump; they read as zero. 0, -ENOMEM, -EAGAIN. */
int cellar__os_commit(void *addr, size_t size);

/* Gives the memory of committed pages back; they stay committed and read as zero again. */
int cellar__os_purge(void *addr, size_t size);

/*
 * Which of the pages, at most CELLAR_OS_RESIDENT_MAX, hold memory now; not those that were never touched or purged, nor
 * those in swap. One answer a page. 0 or -errno.
 */
#define CELLAR_OS_RESIDENT_MAX 272 /* small pages of 1 MiB and of a granule: answers that fit on a stack */
int cellar__os_resident(const void *addr, size_t size, bool *ret_pages);

/*
 * Gives writable pages their memory at once, where the first write to each would. Linux 5.14; a kernel that refuses changes
 * nothing.
 */
void cellar__os_populate(void *addr, size_t size);

/* Readable, writable, zero memory of its own. NULL when the kernel refuses. */
void *cellar__os_map(size_t size, size_t align);

/* Memory that reads as zero and cannot be written: not charged. NULL when the kernel refuses. */
void *cellar__os_map_zeros(size_t size);

/* Makes pages of it writable. 0, -ENOMEM, -EAGAIN. */
int cellar__os_open(void *addr, size_t size);

/* Gives back addresses from reserve or map, whole or in part. May fail when the kernel's mapping count is full. */
int cellar__os_unmap(void *addr, size_t size);

/* Grows or shrinks a mapping from cellar__os_map, moving its pages when needed. NULL: refused, old one intact. */
void *cellar__os_remap(void *addr, size_t old_size, size_t new_size);

/* Names a range for /proc/PID/smaps where the kernel can; silent where it cannot. `name` is a literal. */
void cellar__os_name(void *addr, size_t size, const char *name);

/* Asks for (or against) transparent huge pages. */
int cellar__os_huge_pages(void *addr, size_t size, bool wanted);

/* Waits until *word differs from `value` or a wake arrives; may return early. */
void cellar__os_wait(uint32_t *word, uint32_t value);
void cellar__os_wake_one(uint32_t *word);

/* The same, but also returns after `timeout_ns`. */
void cellar__os_wait_for(uint32_t *word, uint32_t value, uint64_t timeout_ns);

/*
 * Blocks the signals that come from outside, in this thread, and returns the mask to restore. For code that no handler
 * may leave by a longjmp: what holds a lock or is about to. Signals that the code itself would cause (SIGSEGV, SIGABRT,
 * SIGTRAP and their like) stay as they are. Two system calls a pair, so never on the way of every bucket.
 */
uint64_t cellar__os_signals_block(void);
void cellar__os_signals_restore(uint64_t mask);

/* CPU numbers are below this, also those of CPUs that may come. Read when first asked. */
unsigned cellar__os_cpu_end(void);

/* The CPU that the thread runs on, below cpu_end. */
unsigned cellar__os_cpu(void);

/* Monotonic time in nanoseconds, exact. */
uint64_t cellar__os_exact_ns(void);

/* Monotonic time in nanoseconds; the coarse clock (a few ms) that costs no system call. */
uint64_t cellar__os_now_ns(void);

/* Nanoseconds from one time to a later one. 0 when it is the earlier: another thread had read its clock before. */
CELLAR_INLINE uint64_t cellar__os_elapsed_ns(uint64_t since_ns, uint64_t now_ns)
{
    return now_ns > since_ns ? now_ns - since_ns : 0;
}

/* Resources of this process, for statistics. */
struct cellar__usage {
    uint64_t wall_ns; /* since the process started, to a clock tick */
    uint64_t user_ns;
    uint64_t system_ns;
    uint64_t minor_faults;
    size_t peak_rss; /* bytes */
};

void cellar__os_usage(struct cellar__usage *ret_usage);

int cellar__os_pid(void);
int cellar__os_parent_pid(void);

/* Path of the running program; "" when it cannot be read. */
void cellar__os_program(char *buffer, size_t size);

/* Writes all of text to the descriptor; 0 or -errno. */
int cellar__os_write(int fd, const char *text, size_t length);

/* Appends the text to a file in one write, creating it (mode 0600); 0 or -errno. */
int cellar__os_append(const char *path, const char *text, size_t length);

/*
 * Copies the value of an environment variable, also before libc has set up `environ`. Length of the value,
 * -ENOENT when it is not set, -E2BIG when it does not fit.
 */
ssize_t cellar__os_environment(const char *name, char *buffer, size_t size);

#endif
