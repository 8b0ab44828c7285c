/* title: allocation after main: from exit handlers and destructors */
#include "row.h"

/* The last to run: the others are counted, and a status other than 0 would have come from them. */
static int ran;
static void *kept;

static void use(void)
{
    ran++;
    row_free(kept);
    kept = row_get(5000);
    row_fill(kept, 5000, (uint64_t)ran);
    row_free(row_get(200000));
}

__attribute__((destructor(101))) static void from_last_destructor(void)
{
    use();
    ROW_CHECK(ran == 4, "only %d of 4 ran", ran);
}

__attribute__((destructor)) static void from_destructor(void)
{
    use();
}

int main(void)
{
    kept = row_get(100);
    atexit(use);
    atexit(use);
    return 0;
}
