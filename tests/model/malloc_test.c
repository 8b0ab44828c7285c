/* levels: lib; timeout: 300 */
#include <cellar/malloc.h>

#include "model/ops.h"

/*
 * The model of malloc: which blocks are with us, how many bytes of each were asked for and how aligned, and a stamp
 * that all of those bytes carry. Two blocks that overlap would carry one stamp.
 */
enum { LIVE_MAX = 700 };

struct live_block {
    unsigned char *bytes;
    size_t size; /* asked for */
    uint64_t stamp;
};

static struct live_block live[LIVE_MAX];
static size_t nlive;
static size_t live_bytes;
static uint64_t next_stamp;

/* Differs along the block, so that a moved or shifted content shows. */
static unsigned char stamp_byte(uint64_t stamp, size_t at)
{
    return (unsigned char)(stamp * 31 + at * 7 + (at >> 12) + 1);
}

/* Large blocks are written and read at both ends and once a page. */
static size_t stamp_step(size_t at, size_t size)
{
    return at < 4096 || at + 4096 > size ? 1 : 509;
}

static void block_write(const struct live_block *block)
{
    for (size_t at = 0; at < block->size; at += stamp_step(at, block->size)) {
        block->bytes[at] = stamp_byte(block->stamp, at);
    }
}

/* Whether the first `size` bytes are as block_write left them. */
static bool block_holds(const struct live_block *block, size_t size, const char *when)
{
    for (size_t at = 0; at < size; at += stamp_step(at, block->size)) {
        if (block->bytes[at] != stamp_byte(block->stamp, at)) {
            return ops_fail("%s: block %p of %zu bytes changed at %zu", when, (void *)block->bytes,
                            block->size, at);
        }
    }
    return true;
}

/* Small ones mostly, each power of two as likely as another above. */
static size_t size_choose(const struct ops_op *op)
{
    static const unsigned lgs[] = {5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22};
    unsigned lg = lgs[op->a % 16];
    return (size_t)(op->b >> 20) & (((size_t)1 << lg) - 1);
}

static bool block_is_sound(const unsigned char *bytes, size_t size, size_t align)
{
    if (bytes == NULL) {
        return ops_fail("no memory for %zu bytes", size);
    }
    if ((uintptr_t)bytes % align != 0) {
        return ops_fail("block %p of %zu bytes, alignment %zu", (const void *)bytes, size, align);
    }
    if (malloc_usable_size((void *)bytes) < size) {
        return ops_fail("block %p of %zu bytes has %zu", (const void *)bytes, size,
                        malloc_usable_size((void *)bytes));
    }
    for (size_t i = 0; i < nlive; i++) {
        if (bytes < live[i].bytes + live[i].size && live[i].bytes < bytes + size) {
            return ops_fail("block %p of %zu bytes overlaps %p of %zu", (const void *)bytes, size,
                            (void *)live[i].bytes, live[i].size);
        }
        if (bytes == live[i].bytes) {
            return ops_fail("block %p twice", (const void *)bytes);
        }
    }
    return true;
}

static bool live_insert(unsigned char *bytes, size_t size, size_t align)
{
    if (!block_is_sound(bytes, size, align)) {
        return false;
    }
    live[nlive] = (struct live_block){bytes, size, ++next_stamp};
    live_bytes += size;
    block_write(&live[nlive++]);
    return true;
}

static struct live_block live_remove(size_t index)
{
    struct live_block block = live[index];
    live[index] = live[--nlive];
    live_bytes -= block.size;
    return block;
}

static bool malloc_do_calloc(size_t size)
{
    size_t count = 1 + size % 7;
    unsigned char *bytes = calloc(count, size / count);
    size = size / count * count;
    for (size_t at = 0; bytes != NULL && at < size; at += stamp_step(at, size)) {
        if (bytes[at] != 0) {
            return ops_fail("calloc of %zu bytes: %p is not zero at %zu", size, (void *)bytes, at);
        }
    }
    return live_insert(bytes, size, 16);
}

static bool malloc_do_aligned(const struct ops_op *op, size_t size)
{
    size_t align = (size_t)8 << (op->b & 15); /* to 256 KiB */
    size_t wanted = align < 16 ? 16 : align;
    void *bytes = NULL;
    switch (op->b >> 4 & 3) {
    case 0:
        return live_insert(aligned_alloc(align, size), size, wanted);
    case 1:
        return live_insert(memalign(align, size), size, wanted);
    default:
        if (posix_memalign(&bytes, align, size) != 0) {
            return ops_fail("posix_memalign(%zu, %zu)", align, size);
        }
        return live_insert(bytes, size, wanted);
    }
}

static bool malloc_do_realloc(size_t index, size_t size)
{
    struct live_block block = live_remove(index);
    size_t kept = block.size < size ? block.size : size;
    size = size == 0 ? 1 : size;
    block.bytes = realloc(block.bytes, size);
    if (block.bytes == NULL) {
        return ops_fail("realloc of %zu bytes to %zu", block.size, size);
    }
    return block_holds(&block, kept, "realloc") && live_insert(block.bytes, size, 16);
}

static bool malloc_do_free(size_t index)
{
    struct live_block block = live_remove(index);
    bool good = block_holds(&block, block.size, "free");
    free(block.bytes);
    return good;
}

static bool malloc_do(const struct ops_op *op)
{
    size_t size = size_choose(op);
    bool full = nlive == LIVE_MAX || live_bytes > ((size_t)64 << 20);
    if (full || (op->kind >= 6 && nlive > 0)) {
        size_t index = (op->a >> 8) % nlive;
        return full || op->kind < 11 ? malloc_do_free(index) : malloc_do_realloc(index, size);
    }
    switch (op->kind) {
    case 0:
        return malloc_do_calloc(size);
    case 1:
        return malloc_do_aligned(op, size);
    default:
        return live_insert(malloc(size), size, 16);
    }
}

static bool malloc_replay(const struct ops_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!malloc_do(&ops[i])) {
            return false;
        }
        ops_shared->done++;
    }
    while (nlive > 0) {
        if (!malloc_do_free(nlive - 1)) {
            return false;
        }
    }
    return true;
}

TEST(blocks_keep_what_is_written)
{
    ops_test(malloc_replay, 14, 5000, 8);
}

/* What a process printed, as diagnostics of this one. */
static void show(char *text)
{
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        test_print(1, "# %s\n", line);
    }
}

/* The test above once more, in a process that reads these settings. */
static void run_with(const char *conf)
{
    static char text[16384];
    size_t size = 0;
    int status;
    int fds[2];
    CHECK_EQ(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], 1);
        dup2(fds[1], 2);
        setenv("CELLAR_CONF", conf, 1);
        execl("/proc/self/exe", "malloc_test", "blocks_keep", (char *)NULL);
        _exit(2);
    }
    close(fds[1]);
    for (ssize_t got; (got = read(fds[0], text + size, sizeof text - 1 - size)) > 0;) {
        size += (size_t)got;
    }
    close(fds[0]);
    text[size] = '\0';
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    if (status != 0) {
        show(text);
    }
    CHECK_EQ(status, 0);
}

TEST(best_fit_of_powers_of_two)
{
    run_with("fit:best,sizing:pow2");
}

TEST(first_fit)
{
    run_with("fit:first,decay_ms:0");
}

TEST(buddy)
{
    run_with("fit:buddy");
}

TEST(oldest_first_in_constant_sizes)
{
    run_with("fit:fifo,sizing:constant,decay_ms:0");
}

TEST(harden)
{
    run_with("mode:harden");
}

TEST_MAIN()
