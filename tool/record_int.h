/* One record, for the reader of sets. */
#ifndef CELLAR_TOOL_RECORD_INT_H
#define CELLAR_TOOL_RECORD_INT_H

#include "record.h"

/*
 * Reads the record in the line. Returns 0, -EBADMSG for a malformed one or -ENOMEM, and then what is wrong in
 * `error`, without the place, and nothing to release.
 */
int cellar__record_init(struct record *record, const char *line, size_t length, char error[RECORD_ERROR_MAX]);

void cellar__record_fini(struct record *record);

#endif
