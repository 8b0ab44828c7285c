/*
 * The twenty replaceable operators of C++17, through volatile pointers: a compiler may leave out a pair of new and
 * delete that it sees.
 */
#ifndef CONFORMANCE_CXX_H
#define CONFORMANCE_CXX_H

#include "row.h"

#include <new>

using Align = std::align_val_t;
using Nothrow = const std::nothrow_t &;

struct New {
    const char *name;
    bool throws;
    size_t alignment;
    void *(*run)(size_t size);
};

struct Delete {
    const char *name;
    bool aligned;
    void (*run)(void *block, size_t size);
};

enum { CXX_ALIGN = 256 };

#define CXX_NEW(suffix, parameters)                                                                          \
    static void *(*volatile cxx_new_##suffix)parameters ROW_UNUSED = &::operator new
#define CXX_ARRAY_NEW(suffix, parameters)                                                                    \
    static void *(*volatile cxx_array_new_##suffix)parameters ROW_UNUSED = &::operator new[]
#define CXX_DELETE(suffix, parameters)                                                                       \
    static void(*volatile cxx_delete_##suffix) parameters ROW_UNUSED = &::operator delete
#define CXX_ARRAY_DELETE(suffix, parameters)                                                                 \
    static void(*volatile cxx_array_delete_##suffix) parameters ROW_UNUSED = &::operator delete[]

CXX_NEW(plain, (size_t));
CXX_NEW(nothrow, (size_t, Nothrow));
CXX_NEW(aligned, (size_t, Align));
CXX_NEW(aligned_nothrow, (size_t, Align, Nothrow));
CXX_ARRAY_NEW(plain, (size_t));
CXX_ARRAY_NEW(nothrow, (size_t, Nothrow));
CXX_ARRAY_NEW(aligned, (size_t, Align));
CXX_ARRAY_NEW(aligned_nothrow, (size_t, Align, Nothrow));
CXX_DELETE(plain, (void *));
CXX_DELETE(sized, (void *, size_t));
CXX_DELETE(nothrow, (void *, Nothrow));
CXX_DELETE(aligned, (void *, Align));
CXX_DELETE(sized_aligned, (void *, size_t, Align));
CXX_DELETE(aligned_nothrow, (void *, Align, Nothrow));
CXX_ARRAY_DELETE(plain, (void *));
CXX_ARRAY_DELETE(sized, (void *, size_t));
CXX_ARRAY_DELETE(nothrow, (void *, Nothrow));
CXX_ARRAY_DELETE(aligned, (void *, Align));
CXX_ARRAY_DELETE(sized_aligned, (void *, size_t, Align));
CXX_ARRAY_DELETE(aligned_nothrow, (void *, Align, Nothrow));

ROW_UNUSED static const New cxx_news[] = {
    {"new", true, 16, [](size_t n) { return cxx_new_plain(n); }},
    {"new[]", true, 16, [](size_t n) { return cxx_array_new_plain(n); }},
    {"nothrow new", false, 16, [](size_t n) { return cxx_new_nothrow(n, std::nothrow); }},
    {"nothrow new[]", false, 16, [](size_t n) { return cxx_array_new_nothrow(n, std::nothrow); }},
    {"aligned new", true, CXX_ALIGN, [](size_t n) { return cxx_new_aligned(n, Align(CXX_ALIGN)); }},
    {"aligned new[]", true, CXX_ALIGN, [](size_t n) { return cxx_array_new_aligned(n, Align(CXX_ALIGN)); }},
    {"aligned nothrow new", false, CXX_ALIGN,
     [](size_t n) { return cxx_new_aligned_nothrow(n, Align(CXX_ALIGN), std::nothrow); }},
    {"aligned nothrow new[]", false, CXX_ALIGN,
     [](size_t n) { return cxx_array_new_aligned_nothrow(n, Align(CXX_ALIGN), std::nothrow); }},
};

ROW_UNUSED static const Delete cxx_deletes[] = {
    {"delete", false, [](void *p, size_t) { cxx_delete_plain(p); }},
    {"delete[]", false, [](void *p, size_t) { cxx_array_delete_plain(p); }},
    {"sized delete", false, [](void *p, size_t n) { cxx_delete_sized(p, n); }},
    {"sized delete[]", false, [](void *p, size_t n) { cxx_array_delete_sized(p, n); }},
    {"nothrow delete", false, [](void *p, size_t) { cxx_delete_nothrow(p, std::nothrow); }},
    {"nothrow delete[]", false, [](void *p, size_t) { cxx_array_delete_nothrow(p, std::nothrow); }},
    {"aligned delete", true, [](void *p, size_t) { cxx_delete_aligned(p, Align(CXX_ALIGN)); }},
    {"aligned delete[]", true, [](void *p, size_t) { cxx_array_delete_aligned(p, Align(CXX_ALIGN)); }},
    {"sized aligned delete", true,
     [](void *p, size_t n) { cxx_delete_sized_aligned(p, n, Align(CXX_ALIGN)); }},
    {"sized aligned delete[]", true,
     [](void *p, size_t n) { cxx_array_delete_sized_aligned(p, n, Align(CXX_ALIGN)); }},
    {"aligned nothrow delete", true,
     [](void *p, size_t) { cxx_delete_aligned_nothrow(p, Align(CXX_ALIGN), std::nothrow); }},
    {"aligned nothrow delete[]", true,
     [](void *p, size_t) { cxx_array_delete_aligned_nothrow(p, Align(CXX_ALIGN), std::nothrow); }},
};

#endif
