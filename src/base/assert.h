/*
 * Assertions of two strengths.
 *
 * CELLAR_ASSERT states an invariant and costs nothing outside debug builds.
 * CELLAR_REQUIRE is checked in every build: it guards against corruption that a user's program can cause.
 * Both end in cellar__assert_fail, which the os level supplies (it has to write and to abort).
 */
#ifndef CELLAR_BASE_ASSERT_H
#define CELLAR_BASE_ASSERT_H

#include "base/attr.h"

_Noreturn void cellar__assert_fail(const char *expr, const char *file, int line);

#define CELLAR_REQUIRE(expr) (CELLAR_LIKELY(expr) ? (void)0 : cellar__assert_fail(#expr, __FILE__, __LINE__))

#if defined(CELLAR_DEBUG) && CELLAR_DEBUG
#define CELLAR_ASSERT(expr) CELLAR_REQUIRE(expr)
#else
#define CELLAR_ASSERT(expr) ((void)sizeof(!(expr)))
#endif

#endif
