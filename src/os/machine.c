/* What kind of machine this is, read when the program runs and never assumed at build time. */
#include <sys/auxv.h>
#include <sys/resource.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/file.h"
#include "os/linux_call.h"
#include "os/os.h"

static size_t machine_page_size(void)
{
    size_t size = getauxval(AT_PAGESZ);
    CELLAR_REQUIRE(cellar__is_pow2(size));
    return size;
}

static unsigned machine_ncpus(void)
{
    uint64_t mask[128] = {0}; /* 8,192 CPUs, the most a Linux kernel can be built for */
    unsigned ncpus = 0;
    long bytes = CELLAR_CALL3(SYS_sched_getaffinity, 0, sizeof mask, mask);
    for (long i = 0; i < bytes / (long)sizeof mask[0]; i++) {
        ncpus += (unsigned)__builtin_popcountll(mask[i]);
    }
    return ncpus == 0 ? 1 : ncpus;
}

/* Text such as "0-7" or "0,2-3": the number behind the last CPU. At least what the process may run on now. */
static CELLAR_COLD unsigned machine_read_cpu_end(void)
{
    char text[256] = "";
    unsigned last = 0;
    ssize_t length = cellar__file_read("/sys/devices/system/cpu/possible", text, sizeof text);
    for (ssize_t i = 0; i < length && last < 8192; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        last = is_digit ? last * 10 + (unsigned)(text[i] - '0') : text[i] == '\n' ? last : 0;
    }
    return (unsigned)cellar__clamp(last + 1, machine_ncpus(), 8192);
}

static size_t machine_address_limit(void)
{
    struct rlimit limit = {0};
    long status = CELLAR_CALL4(SYS_prlimit64, 0, RLIMIT_AS, NULL, &limit);
    return status != 0 || limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)limit.rlim_cur;
}

enum machine_state { MACHINE_UNKNOWN, MACHINE_READING, MACHINE_WAITED, MACHINE_KNOWN };

static struct cellar__machine machine_self;
static uint32_t machine_state;

/* The first caller reads; others that come meanwhile sleep, and each that wakes wakes the next. */
static CELLAR_NOINLINE void machine_read_once(void)
{
    uint32_t expected = MACHINE_UNKNOWN;
    if (__atomic_compare_exchange_n(&machine_state, &expected, MACHINE_READING, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE)) {
        machine_self = (struct cellar__machine){
            .page_size = machine_page_size(),
            .ncpus = machine_ncpus(),
            .address_limit = machine_address_limit(),
        };
        if (__atomic_exchange_n(&machine_state, MACHINE_KNOWN, __ATOMIC_RELEASE) == MACHINE_READING) {
            return;
        }
    }
    while (__atomic_load_n(&machine_state, __ATOMIC_ACQUIRE) != MACHINE_KNOWN) {
        expected = MACHINE_READING;
        __atomic_compare_exchange_n(&machine_state, &expected, MACHINE_WAITED, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
        cellar__os_wait(&machine_state, MACHINE_WAITED);
    }
    cellar__os_wake_one(&machine_state);
}

const struct cellar__machine *cellar__os_machine(void)
{
    if (CELLAR_UNLIKELY(__atomic_load_n(&machine_state, __ATOMIC_ACQUIRE) != MACHINE_KNOWN)) {
        machine_read_once();
    }
    return &machine_self;
}

unsigned cellar__os_cpu_end(void)
{
    static uint32_t known; /* whoever reads it first reads the same */
    uint32_t end = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (CELLAR_UNLIKELY(end == 0)) {
        end = machine_read_cpu_end();
        __atomic_store_n(&known, end, __ATOMIC_RELAXED);
    }
    return end;
}
