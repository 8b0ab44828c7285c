/* expect: cellar: arena leaky destroyed with 2 ranges out, 48 in all */
/* status: exit 2 */
#include <cellar/arena.h>

int main(void)
{
    struct cellar_arena_attr attr = {.version = CELLAR_ARENA_VERSION, .name = "leaky"};
    struct cellar_arena *arena;
    uint64_t base;
    if (cellar_arena_create(&attr, &arena) != 0 || cellar_arena_add(arena, 0, 100) != 0 ||
        cellar_arena_alloc(arena, 16, &base) != 0 || cellar_arena_alloc(arena, 32, &base) != 0) {
        return 1;
    }
    return (int)cellar_arena_destroy(arena, NULL, NULL);
}
