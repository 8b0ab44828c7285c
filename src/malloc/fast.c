#include "malloc/fast.h"

#define FAST_OFFSET(id) ((id) * sizeof(struct cellar__cache))

/* Steps first to last, which are all of one class. GNU range initialisers: a class is one line. */
#define FAST_STEPS(id, above, size)                                                                          \
    [(above) >> CELLAR_FAST_LG_STEP...((size) >> CELLAR_FAST_LG_STEP) - 1] = FAST_OFFSET(id)
/* Eight classes above base, whose ids are the sizes / 16. */
#define FAST_SMALL(size, step) [(size) - (step) + 1 ...(size)] = FAST_OFFSET((size) / 16)
#define FAST_EIGHT(base, step)                                                                               \
    FAST_SMALL((base) + (step), step), FAST_SMALL((base) + 2 * (step), step),                                \
        FAST_SMALL((base) + 3 * (step), step), FAST_SMALL((base) + 4 * (step), step),                        \
        FAST_SMALL((base) + 5 * (step), step), FAST_SMALL((base) + 6 * (step), step),                        \
        FAST_SMALL((base) + 7 * (step), step), FAST_SMALL((base) + 8 * (step), step)
/* The four classes of a doubling, or the five of one. */
#define FAST_FOUR(id, base)                                                                                  \
    FAST_STEPS(id, base, (base)*5 / 4), FAST_STEPS((id) + 1, (base)*5 / 4, (base)*6 / 4),                    \
        FAST_STEPS((id) + 2, (base)*6 / 4, (base)*7 / 4), FAST_STEPS((id) + 3, (base)*7 / 4, (base)*2)
#define FAST_FIVE(id, base)                                                                                  \
    FAST_STEPS(id, base, (base)*9 / 8), FAST_STEPS((id) + 1, (base)*9 / 8, (base)*10 / 8),                   \
        FAST_STEPS((id) + 2, (base)*10 / 8, (base)*12 / 8),                                                  \
        FAST_STEPS((id) + 3, (base)*12 / 8, (base)*14 / 8), FAST_STEPS((id) + 4, (base)*14 / 8, (base)*2)
#define FAST_FOUR_SIZES(base) (base) * 5 / 4, (base)*6 / 4, (base)*7 / 4, (base)*2
#define FAST_FIVE_SIZES(base) (base) * 9 / 8, (base)*10 / 8, (base)*12 / 8, (base)*14 / 8, (base)*2
#define FAST_RUN(granules) (granules) << CELLAR_LG_GRANULE
#define FAST_RUNS(id, above, size) [(above)...(size) - 1] = FAST_OFFSET(id)

/* Constant, so that processes share its pages; tests/unit/fast_test.c compares it with cellar__class_of. */
const struct cellar__fast_table cellar__fast_table = {
    .small =
        {
            FAST_EIGHT(0, 16),
            FAST_EIGHT(128, 16),
            FAST_EIGHT(256, 32),
            FAST_EIGHT(512, 64),
        },
    .steps =
        {
            FAST_FOUR(65, 1024),
            FAST_FIVE(69, 2048),
            FAST_FIVE(74, 4096),
            FAST_FIVE(79, 8192),
            FAST_FIVE(84, 16384),
            FAST_STEPS(89, CELLAR_CLASS_SLAB_MAX, CELLAR_CLASS_GRANULE_MAX),
            FAST_STEPS(90, CELLAR_CLASS_GRANULE_MAX, CELLAR_FAST_STEPS_MAX),
        },
    .runs =
        {
            FAST_OFFSET(90),
            FAST_OFFSET(91),
            FAST_OFFSET(92),
            FAST_OFFSET(93),
            FAST_OFFSET(94),
            FAST_OFFSET(95),
            FAST_OFFSET(96),
            FAST_OFFSET(97),
            FAST_RUNS(98, 8, 10),
            FAST_RUNS(99, 10, 12),
            FAST_RUNS(100, 12, 14),
            FAST_RUNS(101, 14, 16),
        },
    .sizes = {FAST_FOUR_SIZES(1024), FAST_FIVE_SIZES(2048), FAST_FIVE_SIZES(4096), FAST_FIVE_SIZES(8192),
              FAST_FIVE_SIZES(16384), CELLAR_CLASS_GRANULE_MAX, FAST_RUN(1), FAST_RUN(2), FAST_RUN(3),
              FAST_RUN(4), FAST_RUN(5), FAST_RUN(6), FAST_RUN(7), FAST_RUN(8), FAST_RUN(10), FAST_RUN(12),
              FAST_RUN(14), FAST_RUN(16)},
};
