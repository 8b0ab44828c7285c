/* The private place where the processes of one run leave their statistics records. */
#ifndef CELLAR_TOOL_SPOOL_H
#define CELLAR_TOOL_SPOOL_H

#include <limits.h>

#include "record.h"

/*
 * A folder with one file in it. The file has a folder of its own so that a process which outlives the run
 * cannot create it again: its open fails, and nothing is left behind.
 */
struct spool {
    char folder[PATH_MAX];
    char path[PATH_MAX]; /* of the file; free of ',' so that CELLAR_CONF can carry it */
    int fd;
};

/* Returns 0, or -errno with one line in `error`. */
int cellar__spool_create(struct spool *spool, char error[RECORD_ERROR_MAX]);

/* Removes file and folder. What was written can still be read. */
void cellar__spool_unlink(struct spool *spool);

/* The records written so far; as cellar__record_set_read. */
int cellar__spool_read(struct spool *spool, struct record_set *set, char error[RECORD_ERROR_MAX]);

void cellar__spool_close(struct spool *spool);

#endif
