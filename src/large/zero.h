/*
 * zero: makes memory that was used read as zero again, for calloc of blocks that have pages of their own.
 *
 *   pages of a chunk   #########..........##....................    # holds memory
 *                      cleared   purged   cleared   purged
 *
 * A program that asks for a large block of zeros often writes a part of it. To clear all of a block that came back would
 * make the whole of it resident; to purge it costs a page fault for each page that is written again, ten times what
 * clearing costs. So the kernel is asked which pages hold memory (mincore), a chunk at a time: those are cleared, the others
 * have none to clear. When they are very few, all but the first, which programs write soon, are purged: the program writes
 * here and there, and what it wrote would add up from one use of the block to the next.
 *
 * Pages without memory are purged as well, which costs next to nothing: what the kernel calls absent may lie in swap.
 *
 * Locks: none. When the kernel refuses, the memory is cleared.
 * Complexity: a system call a chunk and one for each gap, and the work on the pages that hold memory.
 */
#ifndef CELLAR_LARGE_ZERO_H
#define CELLAR_LARGE_ZERO_H

#include <stddef.h>

/* All pages that the block reaches into are its own, and are cleared whole. Returns it. */
void *cellar__zero_fill(void *block, size_t size);

#endif
