/* Reading a file of statistics records: a line for each process. */
#include "record_int.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int set_fail(char error[RECORD_ERROR_MAX], const char *name, int number)
{
    snprintf(error, RECORD_ERROR_MAX, "%.300s: %s", name, strerror(number));
    return -number;
}

/* The whole stream into set->text. */
static int set_read_text(struct record_set *set, int fd)
{
    size_t capacity = 0;
    for (;;) {
        if (set->size == capacity) {
            capacity = capacity == 0 ? 64 * 1024 : 2 * capacity;
            char *grown = realloc(set->text, capacity);
            if (grown == NULL)
                return -ENOMEM;
            set->text = grown;
        }
        ssize_t got = read(fd, set->text + set->size, capacity - set->size);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0)
            set->size += (size_t)got;
    }
}

/* Adds the record in the line; a line of blanks adds none. */
static int set_add_line(struct record_set *set, const char *line, size_t length, char error[RECORD_ERROR_MAX])
{
    size_t blank = 0;
    while (blank < length && (line[blank] == ' ' || line[blank] == '\t' || line[blank] == '\r'))
        blank++;
    if (blank == length)
        return 0;
    struct record *grown = realloc(set->records, (set->count + 1) * sizeof(*grown));
    if (grown == NULL) {
        snprintf(error, RECORD_ERROR_MAX, "out of memory");
        return -ENOMEM;
    }
    set->records = grown;
    int rc = cellar__record_init(&set->records[set->count], line, length, error);
    if (rc == 0)
        set->count++;
    return rc;
}

int cellar__record_set_read(struct record_set *set, int fd, const char *name, char error[RECORD_ERROR_MAX])
{
    memset(set, 0, sizeof(*set));
    int rc = set_read_text(set, fd);
    if (rc != 0)
        return set_fail(error, name, -rc);
    size_t number = 1;
    for (size_t start = 0; start < set->size; number++) {
        const char *newline = memchr(set->text + start, '\n', set->size - start);
        size_t end = newline != NULL ? (size_t)(newline - set->text) : set->size;
        char reason[RECORD_ERROR_MAX];
        rc = set_add_line(set, set->text + start, end - start, reason);
        if (rc != 0) {
            char line_error[RECORD_ERROR_MAX];
            snprintf(line_error, sizeof(line_error), "%.200s: line %zu: %.250s", name, number, reason);
            cellar__text_clean(error, RECORD_ERROR_MAX, line_error);
            return rc;
        }
        start = end + 1;
    }
    return 0;
}

int cellar__record_set_load(struct record_set *set, const char *path, char error[RECORD_ERROR_MAX])
{
    memset(set, 0, sizeof(*set));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return set_fail(error, path, errno);
    int rc = cellar__record_set_read(set, fd, path, error);
    close(fd);
    return rc;
}

void cellar__record_set_fini(struct record_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        cellar__record_fini(&set->records[i]);
    free(set->records);
    free(set->text);
    memset(set, 0, sizeof(*set));
}

const struct record *cellar__record_set_largest(const struct record_set *set)
{
    const struct record *largest = &set->records[0];
    for (size_t i = 1; i < set->count; i++) {
        if (set->records[i].peak_rss > largest->peak_rss)
            largest = &set->records[i];
    }
    return largest;
}
