#include "zone/stash.h"

#include "base/bits.h"

/* The calling thread's place for buckets of that size. NULL: there is none. */
static struct cellar__bucket **stash_place(unsigned lg_size)
{
    struct cellar__thread *thread = cellar__self;
    unsigned place = lg_size - CELLAR_BUCKET_LG_MIN;
    return place < CELLAR_THREAD_NSTASH && !cellar__thread_is_empty(thread) ? &thread->stash[place] : NULL;
}

static struct cellar__bucket *stash_exchange(struct cellar__bucket **place, struct cellar__bucket *bucket)
{
    return __atomic_exchange_n(place, bucket, __ATOMIC_RELAXED);
}

struct cellar__bucket *cellar__stash_get(unsigned lg_size, size_t capacity)
{
    struct cellar__bucket **place = stash_place(lg_size);
    struct cellar__bucket *bucket = place == NULL || *place == NULL ? NULL : stash_exchange(place, NULL);
    if (bucket == NULL) {
        return cellar__bucket_get(lg_size, capacity);
    }
    cellar__bucket_clear(bucket, capacity);
    return bucket;
}

void cellar__stash_put(struct cellar__bucket *bucket)
{
    struct cellar__bucket **place = bucket == NULL ? NULL : stash_place(bucket->lg_size);
    if (place != NULL && *place == NULL) {
        bucket = stash_exchange(place, bucket);
    }
    cellar__bucket_put(bucket);
}

void cellar__stash_end(struct cellar__thread *thread)
{
    for (unsigned place = 0; place < CELLAR_THREAD_NSTASH; place++) {
        cellar__bucket_put(stash_exchange(&thread->stash[place], NULL));
    }
}
