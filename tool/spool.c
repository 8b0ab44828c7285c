/* The private place where the processes of one run leave their statistics records. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* TMPDIR, unless it could not be named in CELLAR_CONF or depends on the working directory. */
static const char *spool_parent(void)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] != '/' || strchr(parent, ',') != NULL || strlen(parent) > PATH_MAX / 2)
        return "/tmp";
    return parent;
}

int cellar__spool_create(struct spool *spool, char error[RECORD_ERROR_MAX])
{
    snprintf(spool->folder, sizeof(spool->folder), "%s/cellar-XXXXXX", spool_parent());
    if (mkdtemp(spool->folder) == NULL) {
        int number = errno;
        snprintf(error, RECORD_ERROR_MAX, "cannot create a folder in %.300s: %s; TMPDIR can name another",
                 spool_parent(), strerror(number));
        return -number;
    }
    snprintf(spool->path, sizeof(spool->path), "%.*s/records", PATH_MAX - 16, spool->folder);
    spool->fd = open(spool->path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (spool->fd < 0) {
        int number = errno;
        snprintf(error, RECORD_ERROR_MAX, "cannot create %.300s: %s; TMPDIR can name another folder",
                 spool->path, strerror(number));
        rmdir(spool->folder);
        return -number;
    }
    return 0;
}

void cellar__spool_unlink(struct spool *spool)
{
    unlink(spool->path);
    rmdir(spool->folder);
}

int cellar__spool_read(struct spool *spool, struct record_set *set, char error[RECORD_ERROR_MAX])
{
    if (lseek(spool->fd, 0, SEEK_SET) < 0) {
        memset(set, 0, sizeof(*set));
        snprintf(error, RECORD_ERROR_MAX, "%.300s: %s", spool->path, strerror(errno));
        return -EIO;
    }
    return cellar__record_set_read(set, spool->fd, "the statistics", error);
}

void cellar__spool_close(struct spool *spool)
{
    close(spool->fd);
    spool->fd = -1;
}
