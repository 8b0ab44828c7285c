/* Compiler attributes and the few macros that every level uses. */
#ifndef CELLAR_BASE_ATTR_H
#define CELLAR_BASE_ATTR_H

#define CELLAR_LIKELY(x) __builtin_expect(!!(x), 1)
#define CELLAR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define CELLAR_NOINLINE __attribute__((noinline))
#define CELLAR_INLINE static inline __attribute__((always_inline))
/* Of no ordinary run: the function lies apart, and so does the code around each call of it. */
#define CELLAR_COLD __attribute__((cold, noinline))
/* On a declaration: the variable is in this library, so code reaches it without the global offset table. */
#define CELLAR_HIDDEN __attribute__((visibility("hidden")))
/*
 * On the definition, without an initialiser, of a large variable of which most programs use little: the linker puts it
 * behind all others, so that the small ones share few pages. (It takes the variable for one that several files may
 * define, so its name is one of the library's.)
 */
#define CELLAR_APART __attribute__((common, visibility("hidden")))
#define CELLAR_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define CELLAR_COUNTOF(array) (sizeof(array) / sizeof((array)[0]))
#define CELLAR_CONTAINER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/*
 * Parts what comes before from the store that makes it count, for the eyes of this thread: a signal handler, and what a
 * handler's longjmp leaves behind, see either nothing or the whole. No instruction.
 */
#define CELLAR_SIGNAL_FENCE() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* The unit in which false sharing happens, on every machine that Cellar knows. */
#define CELLAR_CACHE_LINE 64
#define CELLAR_LINE_ALIGNED __attribute__((aligned(CELLAR_CACHE_LINE)))

#endif
