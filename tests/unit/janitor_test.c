/* levels: all; timeout: 300 */
/* How the janitor comes and goes, seen from inside: refusals, fork, and the store's patience. */
#include <dirent.h>
#include <fcntl.h>

#include "arena/dirty.h"
#include "large/huge.h"
#include "malloc/janitor.h"
#include "meta/meta.h"
#include "os/fault.h"
#include "os/os.h"
#include "test.h"
#include "zone/thread.h"

#define MIB ((size_t)1 << 20)

static void *volatile block;

static bool is_here(void)
{
    return (__atomic_load_n(&cellar__janitor_state, __ATOMIC_RELAXED) & CELLAR_JANITOR_HERE) != 0;
}

static void free_much(void)
{
    block = malloc(16 * MIB);
    CHECK(block != NULL);
    free(block);
}

static bool it_leaves(void)
{
    for (int i = 0; i < 6000 && is_here(); i++) {
        usleep(10000);
    }
    return !is_here();
}

TEST(it_comes_with_the_first_large_free_and_leaves)
{
    CHECK(!is_here());
    free_much();
    CHECK(is_here());
    CHECK(cellar__huge_waits());
    CHECK(it_leaves());
    CHECK(!cellar__huge_waits());
    CHECK_EQ(cellar__dirty_bytes(), 0);
}

TEST(free_descriptors_go_back_before_it_leaves)
{
    enum { NBLOCKS = 512, SIZE = 2048 };
    static void *descriptors[NBLOCKS];
    struct cellar__meta_usage usage;
    uint64_t mask = cellar__os_signals_block();
    for (size_t i = 0; i < NBLOCKS; i++) {
        descriptors[i] = cellar__meta_alloc(SIZE);
        CHECK(descriptors[i] != NULL);
    }
    for (size_t i = 0; i < NBLOCKS; i++) {
        cellar__meta_free(descriptors[i], SIZE);
    }
    cellar__os_signals_restore(mask);
    cellar__meta_usage(&usage);
    CHECK_GE(usage.touched - usage.used, NBLOCKS * SIZE);
    free_much();
    CHECK(it_leaves());
    cellar__meta_usage(&usage);
    CHECK_LT(usage.touched - usage.used, NBLOCKS * SIZE / 4);
}

/* Blocks of 8 KiB: what depots hold of them beyond a MiB goes as well. */
TEST(depots_hold_much_only_while_it_is_here)
{
    enum { NBLOCKS = 4000, SIZE = 8192 };
    static void *blocks[NBLOCKS];
    CHECK(cellar__dirty_is_full());
    for (size_t i = 0; i < NBLOCKS; i++) {
        blocks[i] = malloc(SIZE);
        CHECK(blocks[i] != NULL);
    }
    free_much();
    CHECK(!cellar__dirty_is_full());
    for (size_t i = 0; i < NBLOCKS; i++) {
        free(blocks[i]);
    }
    CHECK_GT(cellar__dirty_waiting, 16 * MIB);
    CHECK(it_leaves());
    CHECK_EQ(cellar__dirty_waiting + (size_t)cellar__self->deep_bytes, 0); /* less than this thread told of */
    CHECK_EQ(cellar__dirty_bytes(), 0);
    CHECK(cellar__dirty_is_full());
}

TEST(calls_keep_it)
{
    free_much();
    uint64_t end_ns = cellar__os_exact_ns() + 1500000000u;
    while (cellar__os_exact_ns() < end_ns) {
        free_much();
        CHECK(is_here());
        usleep(1000);
    }
    CHECK(it_leaves());
}

TEST(a_refused_thread_is_tried_again_later)
{
    errno = EXDEV;
    cellar__fault_arm(CELLAR_FAULT_THREAD, 0, 1000);
    free_much();
    CHECK(!is_here());
    CHECK(cellar__dirty_is_full());
    CHECK_EQ(cellar__fault_calls(CELLAR_FAULT_THREAD), 1);
    free_much();
    CHECK_EQ(cellar__fault_calls(CELLAR_FAULT_THREAD), 1); /* not at each free */
    cellar__fault_disarm_all();
    CHECK_EQ(errno, EXDEV);
    for (int i = 0; i < 6000 && !is_here(); i++) {
        usleep(10000);
        free_much();
    }
    CHECK(is_here());
    CHECK(it_leaves());
}

TEST(the_child_of_fork_starts_its_own)
{
    free_much();
    CHECK(is_here());
    pid_t child = fork();
    if (child == 0) {
        CHECK(!is_here());
        CHECK(cellar__dirty_is_full());
        free_much();
        CHECK(is_here());
        CHECK(!cellar__dirty_is_full());
        CHECK(it_leaves());
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK(it_leaves());
}

/* Threads of this process that are still root's. */
static int count_root_threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.') {
            continue;
        }
        char path[300];
        char text[1024] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        int fd = open(path, O_RDONLY);
        if (fd >= 0 && read(fd, text, sizeof text - 1) > 0) {
            const char *uid = strstr(text, "Uid:");
            count += uid != NULL && strtol(uid + 4, NULL, 10) == 0;
        }
        close(fd);
    }
    closedir(tasks);
    return count;
}

/* setuid is done by libc's threads; the janitor must not stay behind as who it was, however busy the program is. */
TEST(it_leaves_when_the_user_changes)
{
    if (geteuid() != 0) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        free_much();
        CHECK_EQ(count_root_threads(), 2);
        CHECK_EQ(setuid(65534), 0);
        CHECK_EQ(count_root_threads(), 1);
        for (int i = 0; i < 60000 && count_root_threads() != 0; i++) {
            free_much();
            usleep(1000);
        }
        free_much();
        CHECK(is_here());
        CHECK_EQ(count_root_threads(), 0);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

TEST_MAIN()
