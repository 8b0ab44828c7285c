#define _GNU_SOURCE
#include "soak/request.h"

#include <malloc.h>

#include "soak/faults.h"
#include "soak/state.h"

enum { REQUEST_ERRNO = 4711 };
enum { REQUEST_SPARSE_MIN = 16384 };

struct request {
    size_t size;
    size_t align;
};

static void *request_malloc(const struct request *request)
{
    return malloc(request->size);
}

static void *request_realloc(const struct request *request)
{
    return realloc(NULL, request->size);
}

static void *request_reallocarray(const struct request *request)
{
    return reallocarray(NULL, 1, request->size);
}

static void *request_calloc(const struct request *request)
{
    return calloc(1, request->size);
}

static void *request_calloc_of_many(const struct request *request)
{
    return calloc(request->size, 1);
}

static void *request_aligned_alloc(const struct request *request)
{
    return aligned_alloc(request->align, request->size);
}

static void *request_memalign(const struct request *request)
{
    return memalign(request->align, request->size);
}

/* Its errno is the result; errno itself is left alone. */
static void *request_posix_memalign(const struct request *request)
{
    void *block = NULL;
    int status = posix_memalign(&block, request->align, request->size);
    if (status != 0 && (errno != REQUEST_ERRNO || block != NULL)) {
        soak_error("posix_memalign failed with %d, errno %d and block %p", status, errno, block);
    }
    errno = status == 0 ? errno : status;
    return block;
}

static void *request_valloc(const struct request *request)
{
    return valloc(request->size);
}

static void *request_pvalloc(const struct request *request)
{
    return pvalloc(request->size);
}

enum request_kind { PLAIN, ZERO, ALIGNED, PAGE };

/* A row for each call; `share` of all shares is how often it is made. */
static const struct request_way {
    const char *name;
    void *(*call)(const struct request *request);
    enum request_kind kind;
    unsigned share;
} request_ways[] = {
    {"malloc", request_malloc, PLAIN, 640},
    {"calloc", request_calloc, ZERO, 120},
    {"calloc", request_calloc_of_many, ZERO, 20},
    {"realloc", request_realloc, PLAIN, 40},
    {"reallocarray", request_reallocarray, PLAIN, 20},
    {"aligned_alloc", request_aligned_alloc, ALIGNED, 60},
    {"posix_memalign", request_posix_memalign, ALIGNED, 60},
    {"memalign", request_memalign, ALIGNED, 36},
    {"valloc", request_valloc, PAGE, 2},
    {"pvalloc", request_pvalloc, PAGE, 2},
};
enum { REQUEST_SHARES = 1000 };

static const struct request_way *request_choose(struct test_random *random)
{
    unsigned at = (unsigned)test_random_below(random, REQUEST_SHARES);
    const struct request_way *way = request_ways;
    while (at >= way->share) {
        at -= way->share;
        way++;
    }
    return way;
}

size_t soak_request_size(struct test_random *random)
{
    static const struct {
        unsigned below; /* of 8000 */
        unsigned lg_max;
    } ranges[] = {{1, 26}, {40, 20}, {1000, 15}, {8000, 10}};
    uint64_t at = test_random_below(random, 8000);
    unsigned i = 0;
    while (at >= ranges[i].below) {
        i++;
    }
    size_t least = (size_t)1 << test_random_below(random, ranges[i].lg_max);
    return least == 1 ? test_random_below(random, 2) : least + test_random_below(random, least);
}

/* 16 to 2 MiB, and up to 1 GiB once in a long while, where the machine has as much memory. */
static size_t request_align(struct test_random *random)
{
    if (test_random_below(random, 4000) == 0 &&
        sysconf(_SC_PHYS_PAGES) > (4L << 30) / sysconf(_SC_PAGESIZE)) {
        return (size_t)4 << 20 << test_random_below(random, 9);
    }
    return (size_t)16 << test_random_below(random, 1 + test_random_below(random, 18));
}

struct soak_call soak_call_begin(const char *name, size_t size)
{
    struct soak_call call = {name, size, soak_faults_span()};
    errno = REQUEST_ERRNO;
    return call;
}

bool soak_call_end(const struct soak_call *call, const void *block)
{
    int error = errno;
    if (block != NULL) {
        error = soak_plant_hits(SOAK_PLANT_SUCCESS) ? 0 : error;
        if (error != REQUEST_ERRNO) {
            soak_error("%s of %zu bytes succeeded and set errno to %d", call->name, call->size, error);
        }
        return error == REQUEST_ERRNO;
    }
    error = soak_plant_hits(SOAK_PLANT_ERRNO) ? EAGAIN : error;
    if (error != ENOMEM) {
        soak_error("%s of %zu bytes failed with errno %d", call->name, call->size, error);
        return false;
    }
    if (!soak_faults_since(call->span)) {
        soak_error("%s of %zu bytes failed while no fault was armed", call->name, call->size);
        return false;
    }
    soak_count(&soak_shared->counts.nrefused, 1);
    return true;
}

static void *request_make(const struct request_way *way, const struct request *request)
{
    void *block = way->call(request);
    if (block != NULL && way->kind == PLAIN && soak_plant_hits(SOAK_PLANT_REFUSAL)) {
        free(block);
        errno = ENOMEM;
        return NULL;
    }
    if (block != NULL && soak_plant_hits(SOAK_PLANT_LEAK)) {
        return way->call(request);
    }
    return block;
}

/* The address of another live block, as a broken allocator might give. */
static void *request_overlap(const struct soak_block *block, struct test_random *random, unsigned worker)
{
    void *base = block->base;
    if (block->size > 0 && soak_plant_hits(SOAK_PLANT_OVERLAP)) {
        struct soak_slot *other = soak_table_take(random, worker);
        base = other->block.size >= block->size ? other->block.base : base;
        soak_table_put(other);
    }
    return base;
}

static bool request_judge(const struct request_way *way, const struct request *request,
                          const struct soak_block *block)
{
    size_t align = way->kind == ALIGNED ? request->align : way->kind == PAGE ? 4096 : 16;
    uintptr_t address = (uintptr_t)block->base;
    address += way->kind == ALIGNED && soak_plant_hits(SOAK_PLANT_ALIGNMENT) ? 8 : 0;
    if (address % align != 0) {
        soak_error("%s(%zu bytes, alignment %zu) gave %p", way->name, request->size, align, (void *)address);
        return false;
    }
    if (way->kind == ZERO) {
        if (block->size > 0 && soak_plant_hits(SOAK_PLANT_CALLOC)) {
            block->base[block->size - 1] = 1;
        }
        size_t bad = soak_pattern_check_zero(block);
        if (bad != SIZE_MAX) {
            soak_error("calloc of %zu bytes: %p is not zero at %zu", block->size, (void *)block->base, bad);
            return false;
        }
    }
    return true;
}

void soak_request_keep(struct soak_slot *slot, struct soak_block block, struct test_random *random,
                       unsigned worker)
{
    if (test_random_below(random, 8) == 0) {
        size_t usable = malloc_usable_size(block.base);
        if (usable < block.size) {
            soak_error("block %p of %zu bytes has only %zu", (void *)block.base, block.size, usable);
        } else if (soak_table_charge(usable - block.size)) {
            block.size = usable; /* all of it is ours */
        }
    }
    block.sparse = block.size > REQUEST_SPARSE_MIN && test_random_below(random, 16) != 0;
    soak_pattern_write(&block, soak_options.seed);
    slot->block = block;
    slot->owner = worker;
}

bool soak_request_alloc(struct soak_slot *slot, struct test_random *random, unsigned worker)
{
    const struct request_way *way = request_choose(random);
    struct request request = {soak_request_size(random), request_align(random)};
    if (!soak_table_charge(request.size)) {
        return true;
    }
    struct soak_call call = soak_call_begin(way->name, request.size);
    struct soak_block block = {.base = request_make(way, &request), .size = request.size};
    bool good = soak_call_end(&call, block.base);
    block.sparse = block.size > REQUEST_SPARSE_MIN && test_random_below(random, 4) != 0;
    if (block.base == NULL || !good || !request_judge(way, &request, &block)) {
        soak_table_uncharge(request.size);
        return good && block.base == NULL;
    }
    block.base = request_overlap(&block, random, worker);
    soak_request_keep(slot, block, random, worker);
    return true;
}
