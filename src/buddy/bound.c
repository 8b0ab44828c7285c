/*
 * bound: how far a buddy that allocates at the lowest address can spread.
 *
 * All sizes here are in units. Blocks have orders 0 to K. M is the most that is allocated at once, R what is reserved, by
 * h calls. F(k) is the highest end that a block of order k or less ever has, in the whole run; F(k - 1) <= F(k), and the
 * extent is F(K). A place of order k is 2^k units at a multiple of 2^k.
 *
 * Theorem. If blocks come by alloc and go by free, and no block changes its size in place, then for each k
 *
 *     F(k) = F(k - 1)     or     F(k) <= M + R + 2 h (2^k - 1) + sum over i < k of 2^i * ceil(F(i) / 2^k)
 *
 * and in the latter case F(k) is a multiple of 2^k.
 *
 * Proof. Let F(k) > F(k - 1). Then a block of order k ends at F(k), and alloc laid it there. Look at the moment after.
 * alloc takes the lowest place that is free, so every place of order k below F(k), the block's own included, now holds a
 * unit of a block or a reserved one. Leave the places that hold reserved units aside for now. Let P be another, beginning
 * at a, with F(i - 1) <= a < F(i) for some i <= k (F(-1) = 0). What lies in P is a block of order i or more: a block of a
 * lesser order j that lies in P ends above a, so F(j) > a, but F(j) <= F(i - 1) <= a. So P holds 2^i units of blocks:
 *
 *     F(2)                                      |XXXXXXX|XXXXXXX|  <- F(2)       full, as nothing smaller came here
 *     F(1)                    |XX     |XX     |  <- F(1)                         at least a block of order 1 each
 *     F(0)    |X      |X      |  <- F(0)                                         at least a block of order 0 each
 *
 * Let c(i) = ceil(F(i) / 2^k) be the places that begin below F(i). Then, were there no holes,
 *
 *     M >= sum over i <= k of (c(i) - c(i - 1)) * 2^i  =  c(k) * 2^k - sum over i < k of c(i) * 2^i
 *
 * and c(k) * 2^k = F(k), which is the theorem. A call of reserve that takes r units out of one range touches at most
 * (r + 2 (2^k - 1)) / 2^k places that no call before it did: those that it takes whole, and two ends. For each such place
 * the right side counts at most 2^k, so adding R + 2 h (2^k - 1) to the left side makes up for all of them. []
 *
 * B(k), the same formula with B(i) for F(i), rounded down to a multiple of 2^k, and at least B(k - 1), is therefore at least
 * F(k): the right side only grows with the F(i). This is what is computed here. Without holes it is simple enough: rounding up
 * costs some r(k) < 2^k in step k, r(0) = 0, so B(k) <= x(k) for the solution of
 *
 *     x(k) = M + r(k) + sum over i < k of x(i) / 2^(k - i),      x(k) - x(k - 1) = M / 2 + r(k) - r(k - 1) / 2
 *
 * and hence
 *
 *     extent <= x(K) < M (1 + K / 2) + 1.5 * 2^K.
 *
 * When 2^K divides M there is no loss: if B(i) <= M (1 + i / 2) for i < k, then ceil(B(i) / 2^k) is at most half above
 * M (1 + i / 2) / 2^k, the sum is less than M (1 + k / 2) + 2^(k - 1), and as M (1 + k / 2) is a multiple of 2^(k - 1), rounding
 * down to a multiple of 2^k leaves no more than that. So then
 *
 *     extent <= M (1 + K / 2).
 *
 * There is no better bound: a program that fills the memory with the smallest blocks and then, order by order, frees all
 * blocks but one in each place and fills up with blocks of that order reaches it. tests/bound/buddy_test.c does so,
 * and visits every state that programs reach in small spaces.
 *
 * A request that fails in memory of N bytes would have got a block with an end above N in endless memory; so memory of B(K)
 * serves every request, which is what cellar_buddy_bound promises.
 *
 * Resized blocks. One that shrinks leaves a small block at a high address, and one that grows takes a place that is not the
 * lowest, so the theorem does not hold. But a change in place never leaves the place of order K that the block lies in. So
 * a place of order K is first reached by alloc, when all places of order K below it hold a unit of a block or a reserved
 * one; of the former there are less than M, hence
 *
 *     extent <= M * 2^K + R + 2 h (2^K - 1).
 *
 * Sources: Knowlton, "A Fast Storage Allocator", CACM 8(10), 1965: the buddy system. Robson, "An Estimate of the Store Size
 * Necessary for Dynamic Storage Allocation", JACM 18(3), 1971, has bounds of the shape M (1 + lg(n) / 2); the proof above
 * is for aligned places, lowest first, and stands alone.
 */
#include "buddy/buddy_int.h"

static uint64_t bound_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* a * 2^lg, or UINT64_MAX. */
static uint64_t bound_shift(uint64_t a, unsigned lg)
{
    return a > UINT64_MAX >> lg ? UINT64_MAX : a << lg;
}

/* What holes add in the step of that order. */
static uint64_t bound_holes(const struct cellar__buddy_past *past, unsigned order)
{
    if (past->nholes == 0) {
        return 0; /* and order may be 63 */
    }
    return bound_add(past->reserved, bound_shift(past->nholes, order + 1) - 2 * past->nholes);
}

/* Places of that order that begin below the end. No division: a machine of 32 bits would have to call for it. */
static uint64_t bound_places(uint64_t end, unsigned order)
{
    uint64_t part = end & ((UINT64_C(1) << order) - 1);
    return (end >> order) + (part != 0);
}

uint64_t cellar__buddy_bound_units(const struct cellar__buddy_past *past)
{
    uint64_t bound[64]; /* B(k) */
    for (unsigned k = 0; k <= past->order; k++) {
        uint64_t sum = bound_add(past->live, bound_holes(past, k));
        for (unsigned i = 0; i < k; i++) {
            sum = bound_add(sum, bound_places(bound[i], k) << i);
        }
        bound[k] = sum == UINT64_MAX ? sum : sum >> k << k;
        if (k > 0 && bound[k] < bound[k - 1]) {
            bound[k] = bound[k - 1];
        }
    }
    return bound[past->order];
}

uint64_t cellar__buddy_bound_resized(const struct cellar__buddy_past *past)
{
    return bound_add(bound_shift(past->live, past->order), bound_holes(past, past->order));
}

uint64_t cellar_buddy_bound(uint64_t live, uint64_t largest, unsigned lg_min)
{
    if (lg_min > 63 || largest > UINT64_C(1) << 63) {
        return UINT64_MAX;
    }
    unsigned lg = largest > 1 ? cellar__lg_ceil(largest) : 0;
    struct cellar__buddy_past past = {
        .live = live >> lg_min, /* blocks are whole units */
        .order = lg > lg_min ? lg - lg_min : 0,
    };
    return cellar__buddy_bytes(cellar__buddy_bound_units(&past), lg_min);
}
