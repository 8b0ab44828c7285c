/*
 * An intrusive, circular, doubly linked list. A node that is on no list points to itself.
 * Insertion and removal take effect with one store to a `next`: the chain of these is whole at every instant, also when
 * the operation never ends, and cellar__list_mend makes the `prev` links agree with it again.
 */
#ifndef CELLAR_BASE_LIST_H
#define CELLAR_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct cellar__list {
    struct cellar__list *next;
    struct cellar__list *prev;
};

#define CELLAR_LIST_INIT(name)                                                                               \
    {                                                                                                        \
        &(name), &(name)                                                                                     \
    }

CELLAR_INLINE void cellar__list_init(struct cellar__list *list)
{
    list->next = list;
    list->prev = list;
}

CELLAR_INLINE bool cellar__list_is_empty(const struct cellar__list *list)
{
    return list->next == list;
}

CELLAR_INLINE void cellar__list_insert_after(struct cellar__list *where, struct cellar__list *node)
{
    node->next = where->next;
    node->prev = where;
    where->next->prev = node;
    CELLAR_SIGNAL_FENCE();
    where->next = node;
    CELLAR_SIGNAL_FENCE();
}

CELLAR_INLINE void cellar__list_push(struct cellar__list *list, struct cellar__list *node)
{
    cellar__list_insert_after(list, node);
}

CELLAR_INLINE void cellar__list_append(struct cellar__list *list, struct cellar__list *node)
{
    cellar__list_insert_after(list->prev, node);
}

CELLAR_INLINE void cellar__list_remove(struct cellar__list *node)
{
    node->prev->next = node->next;
    CELLAR_SIGNAL_FENCE();
    node->next->prev = node->prev;
    cellar__list_init(node);
}

CELLAR_INLINE void cellar__list_mend(struct cellar__list *list)
{
    struct cellar__list *node = list;
    do {
        node->next->prev = node;
        node = node->next;
    } while (node != list);
}

/* Removes and returns the first node, or NULL when the list is empty. */
CELLAR_INLINE struct cellar__list *cellar__list_pop(struct cellar__list *list)
{
    struct cellar__list *node = list->next;
    if (node == list) {
        return NULL;
    }
    cellar__list_remove(node);
    return node;
}

#define CELLAR_LIST_EACH(node, list)                                                                         \
    for (struct cellar__list *node = (list)->next; node != (list); node = node->next)

#endif
