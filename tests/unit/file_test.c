/* levels: base os */
#include "os/file.h"
#include "os/os.h"
#include "test.h"
#include <fcntl.h>
#include <sys/stat.h>

extern char **environ;

static const char *path(void)
{
    static char text[64];
    snprintf(text, sizeof text, "/tmp/cellar_file_test.%d", (int)getpid());
    return text;
}

TEST(append_creates_then_adds)
{
    struct stat stat_now;
    char text[64];
    unlink(path());
    CHECK_EQ(cellar__os_append(path(), "one\n", 4), 0);
    CHECK_EQ(cellar__os_append(path(), "two\n", 4), 0);
    CHECK_EQ(cellar__file_read(path(), text, sizeof text), 8);
    CHECK_STR(text, "one\ntwo\n");
    CHECK_EQ(stat(path(), &stat_now), 0);
    CHECK_EQ(stat_now.st_mode & 0777 & ~0600, 0);
    unlink(path());
}

TEST(read_cuts_at_the_size_of_the_buffer)
{
    char text[5] = "xxxx";
    unlink(path());
    CHECK_EQ(cellar__os_append(path(), "0123456789", 10), 0);
    CHECK_EQ(cellar__file_read(path(), text, sizeof text), 4);
    CHECK_STR(text, "0123");
    unlink(path());
}

TEST(errors_come_back_as_numbers)
{
    char text[8];
    errno = 77;
    CHECK_EQ(cellar__file_read("/nowhere/at/all", text, sizeof text), -ENOENT);
    CHECK_EQ(cellar__os_append("/nowhere/at/all", "x", 1), -ENOENT);
    CHECK_EQ(cellar__os_append("/dev/full", "x", 1), -ENOSPC);
    CHECK_EQ(cellar__os_write(-1, "x", 1), -EBADF);
    CHECK_EQ(errno, 77);
}

TEST(write_writes_all_that_a_pipe_takes_in_parts)
{
    int fds[2];
    static char big[300000];
    CHECK_EQ(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        close(fds[0]);
        _exit(cellar__os_write(fds[1], big, sizeof big) == 0 ? 0 : 1);
    }
    close(fds[1]);
    size_t got = 0;
    char part[4096];
    for (ssize_t count; (count = read(fds[0], part, sizeof part)) > 0;) {
        got += (size_t)count;
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(got, sizeof big);
    close(fds[0]);
}

TEST(program_is_this_one)
{
    char ours[512], theirs[512] = {0};
    cellar__os_program(ours, sizeof ours);
    CHECK_GT(readlink("/proc/self/exe", theirs, sizeof theirs - 1), 0);
    CHECK_STR(ours, theirs);
    char small[6] = "yyyyy";
    cellar__os_program(small, sizeof small);
    CHECK_EQ(strlen(small), 5);
    CHECK_EQ(strncmp(small, theirs, 5), 0);
}

TEST(environment)
{
    char value[16];
    CHECK_EQ(setenv("CELLAR_TEST_X", "a=b", 1), 0);
    CHECK_EQ(setenv("CELLAR_TEST_EMPTY", "", 1), 0);
    CHECK_EQ(cellar__os_environment("CELLAR_TEST_X", value, sizeof value), 3);
    CHECK_STR(value, "a=b");
    CHECK_EQ(cellar__os_environment("CELLAR_TEST_EMPTY", value, sizeof value), 0);
    CHECK_STR(value, "");
    CHECK_EQ(cellar__os_environment("CELLAR_TEST_", value, sizeof value), -ENOENT);
    CHECK_EQ(cellar__os_environment("CELLAR_TEST_XX", value, sizeof value), -ENOENT);
    CHECK_EQ(setenv("CELLAR_TEST_X", "0123456789abcdef", 1), 0);
    CHECK_EQ(cellar__os_environment("CELLAR_TEST_X", value, sizeof value), -E2BIG);
    CHECK_EQ(setenv("CELLAR_TEST_X", "0123456789abcde", 1), 0);
    CHECK_EQ(cellar__os_environment("CELLAR_TEST_X", value, sizeof value), 15);
}

/* Before libc publishes environ, the kernel's copy answers: it knows what exec was given. */
TEST(environment_before_libc)
{
    char value[4096];
    char **saved = environ;
    const char *name = NULL;
    const char *text = NULL;
    char first[256];
    ssize_t length = cellar__file_read("/proc/self/environ", value, sizeof value);
    if (length > 0 && strlen(value) < sizeof first && strchr(value, '=') != NULL) {
        strcpy(first, value);
        *strchr(first, '=') = '\0';
        name = first;
        text = first + strlen(first) + 1;
    }
    environ = NULL;
    ssize_t missing = cellar__os_environment("CELLAR_TEST_NEVER_SET", value, sizeof value);
    ssize_t found = name == NULL ? 0 : cellar__os_environment(name, value, sizeof value);
    environ = saved;
    CHECK_EQ(missing, -ENOENT);
    if (name != NULL) {
        CHECK_EQ(found, strlen(text));
        CHECK_STR(value, text);
    }
}

TEST_MAIN()
