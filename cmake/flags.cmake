# Compiler flags: how all code is compiled, and the three choices a build has.
option(CELLAR_WERROR "Warnings are errors" OFF)
option(CELLAR_DEBUG "Assertions and lock ranks in the library (the levels under test have them always)" OFF)
set(CELLAR_SANITIZE "" CACHE STRING "address, undefined, thread or nothing")
set_property(CACHE CELLAR_SANITIZE PROPERTY STRINGS "" address undefined thread)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# CMake's own release flags define NDEBUG and drop line numbers; -g1 costs no speed and keeps backtraces readable.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_options(-pthread -Wall -Wextra -Wshadow -Wundef -Wpointer-arith -Wvla -Wwrite-strings)
add_compile_options("$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes>")
add_link_options(-pthread)
if(CELLAR_WERROR)
    add_compile_options(-Werror)
endif()

if(CELLAR_SANITIZE)
    if(NOT CELLAR_SANITIZE MATCHES "^(address|undefined|thread)$")
        message(FATAL_ERROR "CELLAR_SANITIZE is '${CELLAR_SANITIZE}': address, undefined, thread or nothing")
    endif()
    add_compile_options(-fsanitize=${CELLAR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    add_link_options(-fsanitize=${CELLAR_SANITIZE})
endif()

# The code of the library. Hidden unless listed in abi/symbols.txt; the thread's cache is one load away; a call between
# two files of the library is direct; a function can be placed by its name (cmake/order.cmake).
set(CELLAR_LIBRARY_FLAGS -fvisibility=hidden -ftls-model=initial-exec -fno-semantic-interposition -ffunction-sections)

# Each page of the functions that programs run (order.cmake) is resident in each process. So only the entry points are aligned,
# and what runs at the start, beside a call to the kernel, or once for many requests is compiled to be small
# (docs/adr/0039-small-code.md).
file(GLOB small CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/os/*.c ${CMAKE_SOURCE_DIR}/src/stat/*.c
    ${CMAKE_SOURCE_DIR}/src/submap/*.c)
foreach(file arena/dirty arena/fit arena/init arena/piece arena/place arena/resize arena/run arena/span arena/tag base/fmt base/tree
        bucket/bucket bucket/cache bucket/depot keg/bins keg/keg keg/purge large/huge large/large large/zero
        malloc/classes malloc/foreign malloc/fork malloc/heap malloc/info malloc/janitor malloc/options malloc/root
        malloc/spare malloc/stats meta/meta meta/purge slab/geometry slab/slab zone/capacity zone/change zone/deep_room
        zone/drain zone/park zone/reclaim zone/retire zone/single zone/stash zone/thread)
    list(APPEND small ${CMAKE_SOURCE_DIR}/src/${file}.c)
endforeach()
set_property(SOURCE ${small} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-Os>)
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
    list(APPEND CELLAR_LIBRARY_FLAGS -falign-functions=1 -falign-jumps=1 -falign-loops=1)
    set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/malloc/malloc.c APPEND PROPERTY COMPILE_OPTIONS
        -falign-functions=16 -falign-jumps=16:11:8 -falign-loops=16:11:8) # GCC's own for x86-64
endif()

# The compiler knows malloc and may drop a pair of calls, or turn malloc and memset into calloc, which in the definition
# of calloc never ends. For the definitions and for the programs that test them.
set(CELLAR_NO_BUILTIN_FLAGS -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free)
