/* levels: base os */
#include "base/list.h"
#include "test.h"

struct item {
    int value;
    struct cellar__list node;
};

/* The values from first to last as decimal digits, read forwards, and checked against the way back. */
static int list_digits(struct cellar__list *list)
{
    int forwards = 0;
    int backwards = 0;
    int scale = 1;
    CELLAR_LIST_EACH(node, list)
    {
        forwards = forwards * 10 + CELLAR_CONTAINER(node, struct item, node)->value;
    }
    for (struct cellar__list *node = list->prev; node != list; node = node->prev) {
        backwards += scale * CELLAR_CONTAINER(node, struct item, node)->value;
        scale *= 10;
    }
    return forwards == backwards ? forwards : -1;
}

TEST(begins_empty)
{
    struct cellar__list fixed = CELLAR_LIST_INIT(fixed);
    struct cellar__list list;
    cellar__list_init(&list);
    CHECK(cellar__list_is_empty(&fixed));
    CHECK(cellar__list_is_empty(&list));
    CHECK_PTR(cellar__list_pop(&list), NULL);
    CHECK_EQ(list_digits(&list), 0);
}

TEST(push_goes_first_append_last)
{
    struct item items[4] = {{1, {0}}, {2, {0}}, {3, {0}}, {4, {0}}};
    struct cellar__list list = CELLAR_LIST_INIT(list);
    cellar__list_push(&list, &items[0].node);
    cellar__list_push(&list, &items[1].node);
    cellar__list_append(&list, &items[2].node);
    CHECK(!cellar__list_is_empty(&list));
    CHECK_EQ(list_digits(&list), 213);
    cellar__list_insert_after(&items[1].node, &items[3].node);
    CHECK_EQ(list_digits(&list), 2413);
}

TEST(removed_node_is_on_no_list)
{
    struct item items[3] = {{1, {0}}, {2, {0}}, {3, {0}}};
    struct cellar__list list = CELLAR_LIST_INIT(list);
    for (int i = 0; i < 3; i++) {
        cellar__list_append(&list, &items[i].node);
    }
    cellar__list_remove(&items[1].node);
    CHECK_EQ(list_digits(&list), 13);
    CHECK(cellar__list_is_empty(&items[1].node));
    cellar__list_remove(&items[1].node); /* harmless: it points to itself */
    CHECK_EQ(list_digits(&list), 13);
}

TEST(pop_takes_from_the_front)
{
    struct item items[2] = {{1, {0}}, {2, {0}}};
    struct cellar__list list = CELLAR_LIST_INIT(list);
    cellar__list_append(&list, &items[0].node);
    cellar__list_append(&list, &items[1].node);
    CHECK_PTR(cellar__list_pop(&list), &items[0].node);
    CHECK_PTR(cellar__list_pop(&list), &items[1].node);
    CHECK_PTR(cellar__list_pop(&list), NULL);
    CHECK(cellar__list_is_empty(&items[0].node));
}

/* Only the chain of next links is whole when an operation never came to its end. */
TEST(mend_makes_prev_agree_with_next)
{
    struct cellar__list list;
    struct cellar__list nodes[3];
    cellar__list_init(&list);
    for (size_t i = 0; i < 3; i++) {
        cellar__list_append(&list, &nodes[i]);
    }
    list.prev = nodes[1].prev = nodes[2].prev = NULL;
    cellar__list_mend(&list);
    CHECK_PTR(list.prev, &nodes[2]);
    CHECK_PTR(nodes[2].prev, &nodes[1]);
    CHECK_PTR(nodes[1].prev, &nodes[0]);
    CHECK_PTR(nodes[0].prev, &list);
    cellar__list_init(&list);
    cellar__list_mend(&list);
    CHECK(cellar__list_is_empty(&list));
}

TEST_MAIN()
