#include "bucket/bucket.h"

#include <stdbool.h>

#include "base/assert.h"
#include "base/bits.h"
#include "meta/meta.h"
#include "os/os.h"

#define BUCKET_MAKE_BYTES ((size_t)512) /* of small ones, so many together */

static struct cellar__bucket_stack bucket_pools[CELLAR_BUCKET_LG_MAX - CELLAR_BUCKET_LG_MIN + 1];

static struct cellar__bucket_stack *bucket_pool(unsigned lg_size)
{
    return &bucket_pools[lg_size - CELLAR_BUCKET_LG_MIN];
}

unsigned cellar__bucket_lg_size(size_t nitems)
{
    unsigned lg_size = CELLAR_BUCKET_LG_MIN;
    while (lg_size < CELLAR_BUCKET_LG_MAX && cellar__bucket_room(lg_size) < nitems) {
        lg_size++;
    }
    return lg_size;
}

static uint64_t bucket_top(uint64_t old_top, uint32_t ref)
{
    return ((old_top >> 32) + 1) << 32 | ref;
}

void cellar__bucket_push(struct cellar__bucket_stack *stack, struct cellar__bucket *bucket)
{
    uint64_t top = __atomic_load_n(&stack->top, __ATOMIC_RELAXED);
    do {
        __atomic_store_n(&bucket->next, (uint32_t)top, __ATOMIC_RELAXED);
    } while (!__atomic_compare_exchange_n(&stack->top, &top, bucket_top(top, cellar__meta_ref(bucket)), true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* Of a bucket that another thread may have taken: then its memory may be anything by now, and the answer is of no use (B3). */
__attribute__((no_sanitize("thread"))) static uint32_t bucket_next(const struct cellar__bucket *bucket)
{
    return *(const volatile uint32_t *)&bucket->next;
}

struct cellar__bucket *cellar__bucket_pop(struct cellar__bucket_stack *stack)
{
    uint64_t top = __atomic_load_n(&stack->top, __ATOMIC_ACQUIRE);
    struct cellar__bucket *bucket;
    uint32_t next;
    do {
        if ((uint32_t)top == 0) {
            return NULL;
        }
        bucket = cellar__meta_ptr((uint32_t)top);
        next = bucket_next(bucket);
    } while (!__atomic_compare_exchange_n(&stack->top, &top, bucket_top(top, next), true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_ACQUIRE));
    return bucket;
}

/* The pool gets the others: blocking signals, two system calls, takes longer than the rest. NULL: memory is out. */
static CELLAR_NOINLINE struct cellar__bucket *bucket_make(unsigned lg_size)
{
    size_t size = cellar__max((size_t)1 << lg_size, BUCKET_MAKE_BYTES);
    uint64_t mask = cellar__os_signals_block();
    char *buckets = cellar__meta_alloc(size);
    cellar__os_signals_restore(mask);
    for (size_t at = size; buckets != NULL && at > 0;) {
        at -= (size_t)1 << lg_size;
        struct cellar__bucket *bucket = (struct cellar__bucket *)(void *)(buckets + at);
        bucket->lg_size = (uint16_t)lg_size;
        if (at > 0) {
            cellar__bucket_push(bucket_pool(lg_size), bucket);
        }
    }
    return (struct cellar__bucket *)(void *)buckets;
}

void cellar__bucket_clear(struct cellar__bucket *bucket, size_t capacity)
{
    bucket->capacity = (uint16_t)cellar__min(capacity, cellar__bucket_room(bucket->lg_size));
    bucket->count = 0;
    bucket->low = 0;
}

struct cellar__bucket *cellar__bucket_get(unsigned lg_size, size_t capacity)
{
    struct cellar__bucket *bucket = cellar__bucket_pop(bucket_pool(lg_size));
    if (bucket == NULL && (bucket = bucket_make(lg_size)) == NULL) {
        return NULL;
    }
    cellar__bucket_clear(bucket, capacity);
    return bucket;
}

void cellar__bucket_put(struct cellar__bucket *bucket)
{
    if (bucket != NULL) {
        CELLAR_ASSERT(bucket->count == 0);
        cellar__bucket_push(bucket_pool(bucket->lg_size), bucket);
    }
}

void cellar__bucket_trim(void)
{
    for (unsigned lg_size = CELLAR_BUCKET_LG_MIN; lg_size <= CELLAR_BUCKET_LG_MAX; lg_size++) {
        for (struct cellar__bucket *bucket; (bucket = cellar__bucket_pop(bucket_pool(lg_size))) != NULL;) {
            cellar__meta_free(bucket, (size_t)1 << lg_size);
        }
    }
}
