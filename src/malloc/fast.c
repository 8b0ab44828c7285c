#include "malloc/fast.h"

#define FAST_OFFSET(id) ((id) * sizeof(struct cellar__cache))

/* Steps first to last, which are all of one class. GNU range initialisers: a class is one line. */
#define FAST_STEPS(id, above, size)                                                                          \
    [(above) >> CELLAR_FAST_LG_STEP...((size) >> CELLAR_FAST_LG_STEP) - 1] = FAST_OFFSET(id)
/* The four classes of a doubling. */
#define FAST_DOUBLING(id, base)                                                                              \
    FAST_STEPS(id, base, (base)*5 / 4), FAST_STEPS((id) + 1, (base)*5 / 4, (base)*6 / 4),                    \
        FAST_STEPS((id) + 2, (base)*6 / 4, (base)*7 / 4), FAST_STEPS((id) + 3, (base)*7 / 4, (base)*2)
#define FAST_RUNS(id, above, size) [(above)...(size) - 1] = FAST_OFFSET(id)

/* Constant, so that processes share its pages; tests/unit/fast_test.c compares it with cellar__class_of. */
const struct cellar__fast_table cellar__fast_table = {
    .steps =
        {
            [8] = FAST_OFFSET(33),
            FAST_OFFSET(34),
            FAST_OFFSET(35),
            FAST_OFFSET(36),
            FAST_OFFSET(37),
            FAST_OFFSET(38),
            FAST_OFFSET(39),
            FAST_OFFSET(40),
            FAST_DOUBLING(41, 1024),
            FAST_DOUBLING(45, 2048),
            FAST_DOUBLING(49, 4096),
            FAST_DOUBLING(53, 8192),
            FAST_DOUBLING(57, 16384),
        },
    .runs =
        {
            FAST_OFFSET(61),
            FAST_OFFSET(62),
            FAST_OFFSET(63),
            FAST_OFFSET(64),
            FAST_OFFSET(65),
            FAST_OFFSET(66),
            FAST_OFFSET(67),
            FAST_OFFSET(68),
            FAST_RUNS(69, 8, 10),
            FAST_RUNS(70, 10, 12),
            FAST_RUNS(71, 12, 14),
            FAST_RUNS(72, 14, 16),
        },
};
