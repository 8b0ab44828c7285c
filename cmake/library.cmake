# build/libcellar.so and .a replace malloc; build/libcellar-api.so and .a have the names cellar_* only. All are made from
# the objects of all levels. abi/symbols.txt says what is exported.
set(symbols ${CMAKE_SOURCE_DIR}/abi/symbols.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${symbols})

# Relocations as a bitmap, 5 KiB less of what each start reads; glibc knows it from 2.36 on.
include(CheckCSourceCompiles)
include(CheckLinkerFlag)
check_c_source_compiles("#include <features.h>\n#if !__GLIBC_PREREQ(2, 36)\n#error\n#endif\nint main(void) { return 0; }"
    CELLAR_HAVE_GLIBC_2_36)
check_linker_flag(C -Wl,-z,pack-relative-relocs CELLAR_HAVE_RELR)

set(objects ${CELLAR_LEVELS})
list(TRANSFORM objects REPLACE "(.+)" "$<TARGET_OBJECTS:cellar_\\1>")

# In the archive new_archive.c takes the place of new_shared.c.
cellar_level_library(cellar_archive $<BOOL:${CELLAR_DEBUG}> ${CMAKE_SOURCE_DIR}/src/malloc/new_archive.c)
set(archive_objects ${objects} $<TARGET_OBJECTS:cellar_archive>)
list(TRANSFORM archive_objects REPLACE "(.*cellar_malloc>)" "$<FILTER:\\1,EXCLUDE,new_shared>")

# The entry points once more, without the names of the C library and the operators of C++ (src/malloc/names.h).
file(GLOB api_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/malloc/*.c)
list(FILTER api_sources EXCLUDE REGEX "/new(_[a-z]+)?\\.c$")
cellar_level_library(cellar_malloc_api $<BOOL:${CELLAR_DEBUG}> ${api_sources})
target_compile_definitions(cellar_malloc_api PRIVATE CELLAR_OVERRIDE=0)
set(api_objects ${objects})
list(TRANSFORM api_objects REPLACE "cellar_malloc>" "cellar_malloc_api>")

# cellar_shared_library(NAME OUTPUT PATTERN OBJECT...): symbols that match the pattern are exported.
# No version node: a program asks for malloc@GLIBC_2.2.5, and the dynamic linker takes a preloaded malloc for it only
# when that has no version of its own.
function(cellar_shared_library name output pattern)
    set(version_script ${CMAKE_BINARY_DIR}/${output}.map)
    file(STRINGS ${symbols} names REGEX ${pattern})
    list(JOIN names ";\n        " names)
    file(CONFIGURE OUTPUT ${version_script}
        CONTENT "{\n    global:\n        @names@;\n    local:\n        *;\n};\n" @ONLY)
    add_library(${name}_shared SHARED ${ARGN})
    set_target_properties(${name}_shared PROPERTIES OUTPUT_NAME ${output}
        VERSION ${CELLAR_VERSION} SOVERSION ${CELLAR_SOVERSION} LINK_DEPENDS ${version_script})
    target_include_directories(${name}_shared INTERFACE ${CMAKE_SOURCE_DIR}/include)
    # now: resolving a symbol on first use could enter malloc while malloc runs. nodelete: blocks and threads outlive a
    # dlclose. defs: an undefined symbol is found here, not in somebody's program. Bsymbolic-functions: the library's calls
    # of its own functions need no look-up at start.
    target_link_options(${name}_shared PRIVATE -Wl,--version-script=${version_script} -Wl,-z,relro -Wl,-z,now
        -Wl,-z,nodelete -Wl,-z,noexecstack -Wl,--as-needed -Wl,-Bsymbolic-functions)
    if(CELLAR_HAVE_GLIBC_2_36 AND CELLAR_HAVE_RELR)
        target_link_options(${name}_shared PRIVATE -Wl,-z,pack-relative-relocs)
    endif()
    if(CELLAR_ORDER_SCRIPT)
        target_link_options(${name}_shared PRIVATE -ffunction-sections -Wl,-T,${CELLAR_ORDER_SCRIPT})
        set_property(TARGET ${name}_shared APPEND PROPERTY LINK_DEPENDS ${CELLAR_ORDER_SCRIPT})
    endif()
    if(NOT CELLAR_SANITIZE)
        target_link_options(${name}_shared PRIVATE -Wl,-z,defs)
    endif()
endfunction()

function(cellar_static_library name output)
    add_library(${name}_static STATIC ${ARGN})
    set_target_properties(${name}_static PROPERTIES OUTPUT_NAME ${output})
    target_include_directories(${name}_static INTERFACE ${CMAKE_SOURCE_DIR}/include)
endfunction()

cellar_shared_library(cellar cellar "^[a-zA-Z_]" ${objects})
cellar_static_library(cellar cellar ${archive_objects})
cellar_shared_library(cellar_api cellar-api "^cellar_" ${api_objects})
cellar_static_library(cellar_api cellar-api ${api_objects})
