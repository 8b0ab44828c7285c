/*
 * fork: before a fork, the forking thread takes every lock in the order of ranks, so that the child's copy of every
 * structure is whole; after it, both processes release them. The child then forgets the threads it does not have.
 */
#ifndef CELLAR_MALLOC_FORK_H
#define CELLAR_MALLOC_FORK_H

/* Makes libc call the three below around each fork: when the library is loaded, or an smr is created; once does it. */
void cellar__fork_register(void);

void cellar__fork_prepare(void);
void cellar__fork_parent(void);
void cellar__fork_child(void);

#endif
