/* Runs every file of a corpus, in a child each, so that one that fails is named. */
#ifndef CELLAR_TESTS_FUZZ_CORPUS_H
#define CELLAR_TESTS_FUZZ_CORPUS_H

#include <dirent.h>
#include <fcntl.h>

#include "test.h"

static inline void corpus_run_file(const char *path, void (*target)(const uint8_t *bytes, size_t size))
{
    static uint8_t bytes[1 << 16];
    struct test_child child;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    ssize_t size = read(fd, bytes, sizeof bytes);
    close(fd);
    CHECK(size >= 0);
    if (test_child_fork(&child)) {
        target(bytes, (size_t)size);
        _exit(0);
    }
    test_child_wait(&child);
    if (!test_child_ended(&child, 0, 0)) {
        TEST_FAIL("%s: %s", path, child.stderr_text);
    }
}

/* `source` is the file of the test, beside which the folder corpus lies. */
static inline void corpus_replay(const char *source, const char *name,
                                 void (*target)(const uint8_t *bytes, size_t size))
{
    char folder[512], path[1024];
    size_t count = 0;
    const char *slash = strrchr(source, '/');
    CHECK(slash != NULL);
    snprintf(folder, sizeof folder, "%.*s/corpus/%s", (int)(slash - source), source, name);
    DIR *files = opendir(folder);
    CHECK(files != NULL);
    for (struct dirent *file; (file = readdir(files)) != NULL;) {
        if (file->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
            corpus_run_file(path, target);
            count++;
        }
    }
    closedir(files);
    CHECK_GT(count, 0);
}

#endif
