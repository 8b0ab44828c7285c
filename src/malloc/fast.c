#include "malloc/fast.h"

#define FAST_OFFSET(id) ((id) * sizeof(struct cellar__cache))

/* Steps first to last, which are all of one class. GNU range initialisers: a class is one line. */
#define FAST_STEPS(id, above, size)                                                                          \
    [(above) >> CELLAR_FAST_LG_STEP...((size) >> CELLAR_FAST_LG_STEP) - 1] = FAST_OFFSET(id)
/* The four classes of a doubling. */
#define FAST_DOUBLING(id, base)                                                                              \
    FAST_STEPS(id, base, (base)*5 / 4), FAST_STEPS((id) + 1, (base)*5 / 4, (base)*6 / 4),                    \
        FAST_STEPS((id) + 2, (base)*6 / 4, (base)*7 / 4), FAST_STEPS((id) + 3, (base)*7 / 4, (base)*2)
#define FAST_SIZES(base) (base) * 5 / 4, (base)*6 / 4, (base)*7 / 4, (base)*2
#define FAST_RUN(granules) (granules) << CELLAR_LG_GRANULE
#define FAST_RUNS(id, above, size) [(above)...(size) - 1] = FAST_OFFSET(id)

/* Constant, so that processes share its pages; tests/unit/fast_test.c compares it with cellar__class_of. */
const struct cellar__fast_table cellar__fast_table = {
    .steps =
        {
            FAST_DOUBLING(65, 1024),
            FAST_DOUBLING(69, 2048),
            FAST_DOUBLING(73, 4096),
            FAST_DOUBLING(77, 8192),
            FAST_DOUBLING(81, 16384),
        },
    .runs =
        {
            FAST_OFFSET(85),
            FAST_OFFSET(86),
            FAST_OFFSET(87),
            FAST_OFFSET(88),
            FAST_OFFSET(89),
            FAST_OFFSET(90),
            FAST_OFFSET(91),
            FAST_OFFSET(92),
            FAST_RUNS(93, 8, 10),
            FAST_RUNS(94, 10, 12),
            FAST_RUNS(95, 12, 14),
            FAST_RUNS(96, 14, 16),
        },
    .sizes = {FAST_SIZES(1024), FAST_SIZES(2048), FAST_SIZES(4096), FAST_SIZES(8192), FAST_SIZES(16384),
              FAST_RUN(1), FAST_RUN(2), FAST_RUN(3), FAST_RUN(4), FAST_RUN(5), FAST_RUN(6), FAST_RUN(7),
              FAST_RUN(8), FAST_RUN(10), FAST_RUN(12), FAST_RUN(14), FAST_RUN(16)},
};
