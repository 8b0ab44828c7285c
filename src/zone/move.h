/* move: cooperative compaction of a zone with a move callback. */
#ifndef CELLAR_ZONE_MOVE_H
#define CELLAR_ZONE_MOVE_H

#include "zone/user.h"

/* Bytes of slabs that went back. */
size_t cellar__move_compact(struct cellar_zone *zone);

#endif
