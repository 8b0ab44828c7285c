/* title: free of what is no block (inside one, on the stack, static) is stopped, at the latest when blocks go back */
#include "misuse.h"

static char in_data[1000] __attribute__((aligned(16)));

static void inside(size_t size)
{
    char *block = row_get(size);
    memset(block, 0, size);
    row_free(block + size / 2 / 16 * 16);
    misuse_settle();
}

static void inside_small(void *argument)
{
    (void)argument;
    inside(200);
}

static void inside_large(void *argument)
{
    (void)argument;
    inside(200000);
}

static void inside_huge(void *argument)
{
    (void)argument;
    inside(5 * ROW_MIB);
}

static void on_stack(void *argument)
{
    char block[1000] __attribute__((aligned(16))) = {0};
    (void)argument;
    row_free(row_get(100));
    row_free(block + 48);
    misuse_settle();
}

static void in_static(void *argument)
{
    (void)argument;
    row_free(row_get(100));
    row_free(in_data + 48);
    misuse_settle();
}

int main(void)
{
    misuse_require(inside_small, "free inside a small block");
    misuse_require(inside_large, "free inside a large block");
    misuse_require(inside_huge, "free inside a huge block");
    misuse_require(on_stack, "free of a stack address");
    misuse_require(in_static, "free of a static address");
    return 0;
}
