/*
 * Blocks that are linked through themselves in the order of their allocation, so that no table of theirs stands
 * beside what is measured. Each holds the next one's address and a word made from its own address, by which a block
 * that somebody else has written to is noticed.
 *
 *   first -> [next | ~address | ...] -> [next | ~address | ...] -> NULL
 */
#ifndef BENCH_CHAIN_H
#define BENCH_CHAIN_H

#include "bench.h"
#include "check.h"

enum { BENCH_CHAIN_NEIGHBOURS = 64 };

struct bench_node {
    struct bench_node *next;
    uintptr_t check; /* ~ of the node's address */
};

struct bench_chain {
    struct bench_node *first;
    struct bench_node *last; /* NULL if first is */
};

static inline void *bench_chain_append(struct bench_chain *chain, size_t size)
{
    struct bench_node *node = malloc(size);
    if (node == NULL) {
        perror("bench: malloc");
        exit(1);
    }
    node->next = NULL;
    node->check = ~(uintptr_t)node;
    if (chain->last == NULL)
        chain->first = node;
    else
        chain->last->next = node;
    chain->last = node;
    return node;
}

/* The first node, taken off the chain and to be freed by the caller; NULL when there is none. */
static inline void *bench_chain_remove(struct bench_chain *chain)
{
    struct bench_node *node = chain->first;
    if (node == NULL)
        return NULL;
    if (node->check != ~(uintptr_t)node)
        bench_content_fail(node);
    *(volatile uintptr_t *)&node->check = 0; /* a node that is in the chain twice shows */
    chain->first = node->next;
    if (chain->first == NULL)
        chain->last = NULL;
    return node;
}

/* Frees all nodes in the order of allocation, but shuffled among 64 neighbours: no program is quite regular. */
static inline void bench_chain_free(struct bench_chain *chain)
{
    uint64_t random = BENCH_SEED;
    while (chain->first != NULL) {
        void *blocks[BENCH_CHAIN_NEIGHBOURS];
        size_t nblocks = 0;
        while (nblocks < BENCH_CHAIN_NEIGHBOURS && chain->first != NULL)
            blocks[nblocks++] = bench_chain_remove(chain);
        while (nblocks > 0) {
            size_t chosen = bench_random_below(bench_random(&random), nblocks);
            free(blocks[chosen]);
            blocks[chosen] = blocks[--nblocks];
        }
    }
}

#endif
