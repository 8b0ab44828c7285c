#include "arena/registry.h"

#include "meta/meta.h"
#include "os/os.h"

static struct cellar__lock registry_lock = CELLAR_LOCK_INIT(CELLAR_RANK_ARENAS);
static struct cellar__list registry_list = CELLAR_LIST_INIT(registry_list);

struct cellar_arena *cellar__registry_create(void)
{
    uint64_t mask = cellar__os_signals_block();
    struct cellar_arena *arena =
        cellar__meta_init() == 0 ? cellar__meta_alloc(sizeof(struct cellar_arena)) : NULL;
    cellar__os_signals_restore(mask);
    return arena;
}

void cellar__registry_destroy(struct cellar_arena *arena)
{
    uint64_t mask = cellar__os_signals_block();
    cellar__meta_free(arena, sizeof *arena);
    cellar__os_signals_restore(mask);
}

void cellar__registry_enter(struct cellar_arena *arena)
{
    uint64_t mask = cellar__os_signals_block();
    cellar__lock_acquire(&registry_lock);
    cellar__list_append(&registry_list, &arena->all);
    cellar__lock_release(&registry_lock);
    cellar__os_signals_restore(mask);
}

void cellar__registry_leave(struct cellar_arena *arena)
{
    uint64_t mask = cellar__os_signals_block();
    cellar__lock_acquire(&registry_lock);
    cellar__list_remove(&arena->all);
    cellar__lock_release(&registry_lock);
    cellar__os_signals_restore(mask);
}

void cellar__registry_lock_all(void)
{
    cellar__lock_acquire(&registry_lock);
    CELLAR_LIST_EACH(node, &registry_list)
    {
        struct cellar_arena *arena = CELLAR_CONTAINER(node, struct cellar_arena, all);
        if (!arena->arena.attr.is_unlocked) {
            cellar__lock_acquire(&arena->arena.lock);
        }
    }
}

void cellar__registry_unlock_all(void)
{
    CELLAR_LIST_EACH(node, &registry_list)
    {
        struct cellar_arena *arena = CELLAR_CONTAINER(node, struct cellar_arena, all);
        if (!arena->arena.attr.is_unlocked) {
            cellar__lock_release(&arena->arena.lock);
        }
    }
    cellar__lock_release(&registry_lock);
}
