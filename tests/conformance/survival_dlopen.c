/* title: the library is opened by dlopen, with a thread that was there before; preload: no */
#include "threads.h"

static pthread_barrier_t barrier;
static void *(*volatile own_malloc)(size_t size);
static void *(*volatile own_realloc)(void *block, size_t size);
static void (*volatile own_free)(void *block);

static void use(void)
{
    for (size_t size = 1; size < 3 * ROW_MIB; size = size * 3 / 2 + 1) {
        void *block = own_malloc(size);
        ROW_CHECK(block != NULL, "malloc(%zu) of the opened library fails", size);
        row_fill(block, size, size);
        block = own_realloc(block, size + 100);
        ROW_CHECK(block != NULL && row_holds(block, size, size), "a block of %zu bytes has lost its contents",
                  size);
        own_free(block);
    }
}

static void *thread_run(void *argument)
{
    row_free(row_get(100));
    pthread_barrier_wait(&barrier); /* before it is opened */
    pthread_barrier_wait(&barrier); /* after */
    use();
    return argument;
}

static void *thread_after(void *argument)
{
    use();
    return argument;
}

int main(void)
{
    const char *library = getenv("CONFORMANCE_LIB");
    if (library == NULL || *library == '\0') {
        row_not_applicable("libc is not opened");
    }
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t before = thread_start(thread_run, NULL);
    pthread_barrier_wait(&barrier);
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    ROW_CHECK(handle != NULL, "%s", dlerror());
    *(void **)&own_malloc = dlsym(handle, "malloc");
    *(void **)&own_realloc = dlsym(handle, "realloc");
    *(void **)&own_free = dlsym(handle, "free");
    ROW_CHECK(own_malloc != row_malloc, "dlsym finds libc's malloc");
    pthread_barrier_wait(&barrier);
    pthread_join(before, NULL);
    use();
    ROW_CHECK(dlopen(library, RTLD_NOW | RTLD_GLOBAL) == handle, "opened again: %s", dlerror());
    pthread_join(thread_start(thread_after, NULL), NULL);
    return 0;
}
