/* expect: cellar: arena ids: free of 1 at 1, where no such range is out */
/* status: abort */
#include <cellar/arena.h>

int main(void)
{
    struct cellar_arena_attr attr = {.version = CELLAR_ARENA_VERSION, .name = "ids", .cache_max = 1};
    struct cellar_arena *arena;
    uint64_t one, two;
    if (cellar_arena_create(&attr, &arena) != 0 || cellar_arena_add(arena, 1, 2) != 0 ||
        cellar_arena_alloc(arena, 1, &one) != 0 || cellar_arena_alloc(arena, 1, &two) != 0) {
        return 1;
    }
    cellar_arena_free(arena, 1, 1);
    cellar_arena_free(arena, 2, 1);
    cellar_arena_free(arena, 1, 1);
    cellar_arena_destroy(arena, NULL, NULL);
    return 0;
}
