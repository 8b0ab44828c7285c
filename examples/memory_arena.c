/*
 * Memory from an arena: pages come from the kernel when they are needed and go back when they are free, and a second arena
 * takes its spans from the first.
 *
 *     cc memory_arena.c $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     a buffer for a device: at a multiple of 4096, across no border of 64 KiB
 *     two halves of one range, freed one by one
 *     arena small takes its spans from arena pages
 *     ranges: 3, out 2
 *     the longest free range holds all that is free
 *     imported memory is gone when it is free
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cellar/arena.h>

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "memory_arena: %s failed\n", what);
        exit(1);
    }
}

static struct cellar_arena *create(const struct cellar_arena_attr *attr)
{
    struct cellar_arena *arena;
    check(cellar_arena_create(attr, &arena) == 0, "create");
    return arena;
}

static void device_buffer(struct cellar_arena *pages)
{
    struct cellar_arena_request request = {.size = 24 << 10, .align = 4096, .nocross = 64 << 10};
    uint64_t base;
    check(cellar_arena_xalloc(pages, &request, &base) == 0, "xalloc");
    memset((void *)(uintptr_t)base, 0, request.size);
    if (base % 4096 == 0 && base >> 16 == (base + request.size - 1) >> 16) {
        puts("a buffer for a device: at a multiple of 4096, across no border of 64 KiB");
    }
    check(cellar_arena_free(pages, base, request.size) == 0, "free");
}

static void halves(struct cellar_arena *pages)
{
    uint64_t base;
    check(cellar_arena_alloc(pages, 8192, &base) == 0, "alloc");
    check(cellar_arena_split(pages, base, 8192, 4096) == 0, "split");
    if (cellar_arena_free(pages, base + 4096, 4096) == 0 && cellar_arena_free(pages, base, 4096) == 0) {
        puts("two halves of one range, freed one by one");
    }
}

static void small_ranges(struct cellar_arena *pages)
{
    struct cellar_arena_attr attr = {.version = CELLAR_ARENA_VERSION,
                                     .name = "small",
                                     .quantum = 16,
                                     .fit = CELLAR_FIT_BEST,
                                     .source = pages,
                                     .import_quantum = 64 << 10};
    struct cellar_arena *small = create(&attr);
    struct cellar_arena_range ranges[8];
    struct cellar_arena_usage usage;
    uint64_t bases[2];
    check(cellar_arena_alloc(small, 100, &bases[0]) == 0 && cellar_arena_alloc(small, 200, &bases[1]) == 0,
          "alloc");
    strcpy((char *)(uintptr_t)bases[0], "text");
    printf("arena %s takes its spans from arena %s\n", cellar_arena_name(small), cellar_arena_name(pages));
    size_t count = cellar_arena_snapshot(small, ranges, 8);
    printf("ranges: %zu, out %d\n", count, ranges[0].out + ranges[1].out + ranges[2].out);
    cellar_arena_get_usage(small, &usage);
    if (usage.largest_free == usage.total - usage.allocated && cellar_arena_check(small) == NULL) {
        puts("the longest free range holds all that is free");
    }
    check(cellar_arena_free(small, bases[0], 100) == 0 && cellar_arena_free(small, bases[1], 200) == 0,
          "free");
    check(cellar_arena_destroy(small, NULL, NULL) == 0, "destroy");
}

int main(void)
{
    struct cellar_arena_attr attr = {.version = CELLAR_ARENA_VERSION,
                                     .name = "pages",
                                     .quantum = 4096,
                                     .import = cellar_arena_map_pages,
                                     .release = cellar_arena_unmap_pages,
                                     .import_quantum = 1 << 20};
    struct cellar_arena *pages = create(&attr);
    struct cellar_arena_usage usage;
    device_buffer(pages);
    halves(pages);
    small_ranges(pages);
    cellar_arena_get_usage(pages, &usage);
    if (usage.total == 0 && cellar_arena_destroy(pages, NULL, NULL) == 0) {
        puts("imported memory is gone when it is free");
    }
    return 0;
}
