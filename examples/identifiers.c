/*
 * Identifiers: session numbers that are not used again soon, and blocks of ports, from spaces in which a unit is one
 * number.
 *
 *     cc identifiers.c $(pkg-config --cflags --libs cellar)
 *
 * prints:
 *     sessions 1 2 3
 *     session 2 ends; the next are 4 5
 *     the table is full after 1000 sessions
 *     four ports at a multiple of four: 49152 to 49155
 *     the highest port: 65535
 *     port 50000 is taken by name
 *     in use: 6 of 16384 ports
 *     port 49153 is out; 80 is not ours
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cellar/arena.h>

static struct cellar_arena *space(const char *name, enum cellar_fit fit, uint64_t first, uint64_t last)
{
    struct cellar_arena_attr attr = {.version = CELLAR_ARENA_VERSION, .name = name, .fit = fit};
    struct cellar_arena *arena;
    if (cellar_arena_create(&attr, &arena) != 0 || cellar_arena_add(arena, first, last - first + 1) != 0) {
        fprintf(stderr, "identifiers: no space %s\n", name);
        exit(1);
    }
    return arena;
}

static uint64_t number(struct cellar_arena *arena)
{
    uint64_t id;
    return cellar_arena_alloc(arena, 1, &id) == 0 ? id : 0;
}

static void forget(void *ctx, const struct cellar_arena_range *range)
{
    (void)ctx;
    (void)range; /* the process ends: sessions end with it */
}

static void sessions(void)
{
    struct cellar_arena *ids = space("sessions", CELLAR_FIT_NEXT, 1, UINT32_MAX);
    uint64_t one = number(ids), two = number(ids), three = number(ids);
    printf("sessions %ju %ju %ju\n", (uintmax_t)one, (uintmax_t)two, (uintmax_t)three);
    cellar_arena_free(ids, 2, 1);
    uint64_t four = number(ids), five = number(ids);
    printf("session 2 ends; the next are %ju %ju\n", (uintmax_t)four, (uintmax_t)five);

    int count = 4;
    cellar_arena_set_limit(ids, 1000);
    while (number(ids) != 0) {
        count++;
    }
    printf("the table is full after %d sessions\n", count);
    cellar_arena_destroy(ids, forget, NULL);
}

static void ports(void)
{
    struct cellar_arena *ports = space("ports", CELLAR_FIT_FIRST, 49152, 65535);
    struct cellar_arena_request four = {.size = 4, .align = 4};
    struct cellar_arena_request last = {.size = 1, .high = true};
    struct cellar_arena_request named = {.size = 1, .min = 50000, .max = 50001};
    struct cellar_arena_usage usage;
    struct cellar_arena_range range;
    uint64_t base;
    if (cellar_arena_xalloc(ports, &four, &base) == 0) {
        printf("four ports at a multiple of four: %ju to %ju\n", (uintmax_t)base, (uintmax_t)base + 3);
    }
    if (cellar_arena_xalloc(ports, &last, &base) == 0) {
        printf("the highest port: %ju\n", (uintmax_t)base);
    }
    if (cellar_arena_xalloc(ports, &named, &base) == 0 &&
        cellar_arena_xalloc(ports, &named, &base) == -ENOMEM) {
        printf("port %ju is taken by name\n", (uintmax_t)base);
    }
    cellar_arena_get_usage(ports, &usage);
    printf("in use: %ju of %ju ports\n", (uintmax_t)usage.allocated, (uintmax_t)usage.total);
    if (cellar_arena_find(ports, 49153, &range) == 0 && range.out && !cellar_arena_contains(ports, 80, 1)) {
        puts("port 49153 is out; 80 is not ours");
    }
    cellar_arena_destroy(ports, forget, NULL);
}

int main(void)
{
    sessions();
    ports();
    return 0;
}
