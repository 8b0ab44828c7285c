/*
 * Replays a trace of bench/record.c on an arena: the program's blocks are ranges, of whole multiples of 16. Prints
 * nanoseconds an operation; the number of operations that trace_measure runs in all, for instruction counts by callgrind;
 * bytes of metadata a range at the peak of what is out; and how much of the space below the highest range is in use there:
 * 1 less the share lost to external fragmentation.
 */
#include "bench.h"
#include "fit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRACE_SPACE (UINT64_C(1) << 40) /* begin and size: one block to a buddy */

static const char TRACE_USAGE[] = "trace FILE FIT";

struct trace_record {
    uint64_t address;
    uint64_t size;
};

/* An operation on a slot: its blocks follow one another. A size of 0 frees. */
struct trace_op {
    uint32_t slot;
    uint32_t size;
};

struct trace {
    struct trace_op *ops;
    size_t nops;
    size_t nslots;
};

static void *trace_map(size_t size)
{
    return bench_table_map(size / sizeof(void *) + 1);
}

static const struct trace_record *trace_read(const char *path, size_t *ret_count)
{
    struct stat stat;
    int fd = open(path, O_RDONLY);
    void *records = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &stat) == 0 && stat.st_size >= (off_t)sizeof(struct trace_record))
        records = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (records == MAP_FAILED) {
        fprintf(stderr, "trace: cannot read \"%s\"\n", path);
        exit(1);
    }
    *ret_count = (size_t)stat.st_size / sizeof(struct trace_record);
    return records;
}

/* Addresses become slots: an open-addressed table from address to slot, each address for ever the same one. */
static struct trace trace_prepare(const struct trace_record *records, size_t count)
{
    size_t mask = 1;
    while (mask < 2 * count)
        mask *= 2;
    struct {
        uint64_t address;
        uint32_t slot;
        uint32_t live;
    } *table = trace_map(mask * sizeof *table);
    struct trace trace = {.ops = trace_map(count * sizeof(struct trace_op))};
    mask--;
    for (size_t i = 0; i < count; i++) {
        size_t at = (records[i].address * BENCH_SEED >> 20) & mask;
        while (table[at].address != 0 && table[at].address != records[i].address)
            at = (at + 1) & mask;
        if (table[at].address == 0) {
            table[at].address = records[i].address;
            table[at].slot = (uint32_t)trace.nslots++;
        }
        int frees = records[i].size == UINT64_MAX;
        if ((int)table[at].live != frees) /* another thread's, or of before the record began */
            continue;
        table[at].live = !frees;
        uint32_t size = records[i].size > UINT32_MAX ? UINT32_MAX : (uint32_t)records[i].size;
        trace.ops[trace.nops++] = (struct trace_op){table[at].slot, frees ? 0 : size + (size == 0)};
    }
    return trace;
}

struct trace_range {
    uint64_t base;
    uint64_t size;
};

void trace_measure(struct cellar_arena *arena, const struct trace *trace, struct trace_range *ranges,
                   size_t nops);

__attribute__((noinline)) void trace_measure(struct cellar_arena *arena, const struct trace *trace,
                                             struct trace_range *ranges, size_t nops)
{
    for (size_t i = 0; i < nops; i++) {
        struct trace_range *range = &ranges[trace->ops[i].slot];
        if (trace->ops[i].size == 0) {
            cellar_arena_free(arena, range->base, range->size);
            continue;
        }
        range->size = trace->ops[i].size;
        if (cellar_arena_alloc(arena, range->size, &range->base) != 0) {
            fputs("trace: no range\n", stderr);
            exit(1);
        }
    }
}

/* The operation after which most is out. */
static size_t trace_peak(const struct trace *trace, struct trace_range *ranges)
{
    uint64_t live = 0;
    uint64_t peak = 0;
    size_t at = 0;
    for (size_t i = 0; i < trace->nops; i++) {
        struct trace_range *range = &ranges[trace->ops[i].slot];
        live += trace->ops[i].size - (trace->ops[i].size == 0 ? range->size : 0);
        range->size = trace->ops[i].size;
        if (live > peak) {
            peak = live;
            at = i + 1;
        }
    }
    memset(ranges, 0, trace->nslots * sizeof *ranges);
    return at;
}

static struct cellar_arena *trace_arena(enum cellar_fit fit)
{
    struct cellar_arena_attr attr = {.version = CELLAR_ARENA_VERSION,
                                     .name = "trace",
                                     .quantum = 16,
                                     .fit = fit,
                                     .flags = CELLAR_ARENA_UNLOCKED};
    struct cellar_arena *arena;
    if (cellar_arena_create(&attr, &arena) != 0 || cellar_arena_add(arena, TRACE_SPACE, TRACE_SPACE) != 0) {
        fputs("trace: no arena\n", stderr);
        exit(1);
    }
    return arena;
}

struct trace_extent {
    uint64_t top;
};

static bool trace_see(void *ctx, const struct cellar_arena_range *range)
{
    struct trace_extent *extent = ctx;
    if (range->out)
        extent->top = range->base + range->size;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", TRACE_USAGE);
        return 2;
    }
    enum cellar_fit fit = bench_fit_get(argv[2], TRACE_USAGE);
    size_t count;
    const struct trace_record *records = trace_read(argv[1], &count);
    struct trace trace = trace_prepare(records, count);
    struct trace_range *ranges = trace_map(trace.nslots * sizeof *ranges);
    size_t peak = trace_peak(&trace, ranges);

    struct cellar_arena *arena = trace_arena(fit);
    uint64_t start_ns = bench_clock_ns();
    trace_measure(arena, &trace, ranges, trace.nops);
    uint64_t end_ns = bench_clock_ns();
    struct trace_extent extent = {0};
    struct cellar_arena_usage usage;
    arena = trace_arena(fit);
    memset(ranges, 0, trace.nslots * sizeof *ranges);
    trace_measure(arena, &trace, ranges, peak);
    cellar_arena_get_usage(arena, &usage);
    cellar_arena_walk(arena, trace_see, &extent);
    printf("%.3f %zu %.2f %.4f\n", (double)(end_ns - start_ns) / (double)trace.nops, trace.nops + peak,
           (double)usage.metadata / (double)usage.nranges,
           (double)usage.allocated / (double)(extent.top - TRACE_SPACE));
    return 0;
}
