# Test programs. Adding a test is adding a file: tests/<kind>/<name>_test.c (or .cc) becomes the program
# build/tests/<kind>/<name>_test, described by its first line, a comment of `key: value` pairs parted by semicolons:
#
#   levels: base os     the levels whose objects it links, in the test flavour; what is not linked, the test fakes
#           zone/depot  one source file of a level
#           all         every level, malloc included: the program itself runs on Cellar
#           lib         build/libcellar.so, as a user links it
#           api         build/libcellar-api.so, which leaves malloc to libc
#   with: fake/os.c     more sources, relative to tests/
#         soak          all sources of tests/soak that are neither tests nor programs
#   sanitize: yes|no    overrides the rule below
#   timeout: SECONDS    instead of 120
#
# A file tests/<kind>/<name>_main.c becomes the program build/tests/<kind>/<name> by the same first line. It is no test:
# tests and people run it.
#
# A sanitizer that brings its own malloc (address, thread) cannot run a program that overrides malloc; ThreadSanitizer is
# kept for the kinds of tests that it can say something of.
set(CELLAR_TEST_PLAN "")
set(CELLAR_TESTS_LEFT_OUT "")

# Sets ret to the value of key in the first line of file, or to "".
function(cellar_test_header file key ret)
    file(STRINGS ${file} first LIMIT_COUNT 1)
    string(REPLACE "\\;" ";" first "${first}") # file() escapes them
    string(REGEX MATCH "[*; ]${key}: *([^;*]*)" match "${first}")
    string(STRIP "${CMAKE_MATCH_1}" value)
    set(${ret} "${value}" PARENT_SCOPE)
endfunction()

# Sets ret to whether the program may run under the chosen sanitizer.
function(cellar_test_sanitizable name levels choice ret)
    set(result ON)
    if(CELLAR_SANITIZE MATCHES "address|thread" AND levels MATCHES "(^|;)(all|lib|api|malloc)(;|$)")
        set(result OFF)
    elseif(CELLAR_SANITIZE STREQUAL thread AND NOT name MATCHES "^(unit|thread)/")
        set(result OFF)
    endif()
    if(CELLAR_SANITIZE AND NOT choice STREQUAL "") # "no" by itself would count as false
        string(COMPARE EQUAL "${choice}" yes result)
    endif()
    set(${ret} ${result} PARENT_SCOPE)
endfunction()

# Links what the `levels` line names.
function(cellar_test_link target levels)
    foreach(level IN LISTS levels)
        if(level STREQUAL lib)
            target_link_libraries(${target} PRIVATE cellar_shared)
        elseif(level STREQUAL api)
            target_link_libraries(${target} PRIVATE cellar_api_shared)
        elseif(level STREQUAL all)
            foreach(each IN LISTS CELLAR_LEVELS)
                target_link_libraries(${target} PRIVATE cellar_${each}_test)
            endforeach()
        elseif(TARGET cellar_${level}_test)
            target_link_libraries(${target} PRIVATE cellar_${level}_test)
        elseif(level MATCHES "/" AND EXISTS ${CMAKE_SOURCE_DIR}/src/${level}.c)
            target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src/${level}.c)
        else()
            message(FATAL_ERROR "${target}: 'levels: ${level}' is neither a level with sources nor a file of one")
        endif()
    endforeach()
endfunction()

# A line of the plan that scripts/run-tests reads: how the output is judged, name, seconds, command.
function(cellar_test_plan mode name timeout)
    string(JOIN "\" \"" command ${ARGN})
    set(CELLAR_TEST_PLAN "${CELLAR_TEST_PLAN}${mode} ${name} ${timeout} \"${command}\"\n" PARENT_SCOPE)
endfunction()

# How the sources of tests are compiled.
function(cellar_test_compile target)
    target_include_directories(${target} PRIVATE
        ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE CELLAR_DEBUG=1)
    target_compile_options(${target} PRIVATE ${CELLAR_NO_BUILTIN_FLAGS})
endfunction()

# Adds what the `with` line names: a file to the target's sources, a folder as objects that its programs share.
function(cellar_test_with target)
    foreach(each IN LISTS ARGN)
        set(path ${CMAKE_SOURCE_DIR}/tests/${each})
        if(NOT IS_DIRECTORY ${path})
            target_sources(${target} PRIVATE ${path})
            continue()
        endif()
        if(NOT TARGET tests_with_${each})
            file(GLOB sources CONFIGURE_DEPENDS ${path}/*.c)
            list(FILTER sources EXCLUDE REGEX "_(test|main)\\.c$")
            add_library(tests_with_${each} OBJECT ${sources})
            cellar_test_compile(tests_with_${each})
        endif()
        target_link_libraries(${target} PRIVATE tests_with_${each})
    endforeach()
endfunction()

# The program build/tests/<kind>/<output>, part of the target `tests`.
# cellar_test_program(TARGET OUTPUT kind/output SOURCE file LEVELS level... [WITH file or folder...])
function(cellar_test_program target)
    cmake_parse_arguments(program "" "OUTPUT;SOURCE" "LEVELS;WITH" ${ARGN})
    get_filename_component(kind ${program_OUTPUT} DIRECTORY)
    get_filename_component(name ${program_OUTPUT} NAME)
    add_executable(${target} ${program_SOURCE})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/${kind})
    cellar_test_compile(${target})
    cellar_test_with(${target} ${program_WITH})
    cellar_test_link(${target} "${program_LEVELS}")
    add_dependencies(tests ${target})
endfunction()

# cellar_test(NAME kind/name SOURCE file LEVELS level... [WITH file or folder...] [SANITIZE yes|no] [TIMEOUT seconds])
function(cellar_test)
    cmake_parse_arguments(test "" "NAME;SOURCE;SANITIZE;TIMEOUT" "LEVELS;WITH" ${ARGN})
    cellar_test_sanitizable("${test_NAME}" "${test_LEVELS}" "${test_SANITIZE}" may_run)
    if(NOT may_run)
        set(CELLAR_TESTS_LEFT_OUT ${CELLAR_TESTS_LEFT_OUT} ${test_NAME} PARENT_SCOPE)
        return()
    endif()
    string(REPLACE "/" "_" target ${test_NAME}_test)
    cellar_test_program(${target} OUTPUT ${test_NAME}_test SOURCE ${test_SOURCE}
        LEVELS ${test_LEVELS} WITH ${test_WITH})
    if(NOT test_TIMEOUT)
        set(test_TIMEOUT 120)
    endif()
    cellar_test_plan(tap ${test_NAME} ${test_TIMEOUT} ${CMAKE_BINARY_DIR}/tests/${test_NAME}_test)
    set(CELLAR_TEST_PLAN "${CELLAR_TEST_PLAN}" PARENT_SCOPE)
endfunction()

# The test that a file tests/<kind>/<name>_test.c is, or the program that tests/<kind>/<name>_main.c is.
function(cellar_test_file source)
    cellar_test_header(${source} levels levels)
    cellar_test_header(${source} with with)
    cellar_test_header(${source} sanitize sanitize)
    cellar_test_header(${source} timeout timeout)
    if(levels STREQUAL "")
        message(FATAL_ERROR "${source}: the first line has no 'levels: ...' (see cmake/tests.cmake)")
    endif()
    separate_arguments(levels)
    separate_arguments(with)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/tests ${source})
    string(REGEX REPLACE "_(test|main)\\.cc?$" "" name ${name})
    if(source MATCHES "_main\\.cc?$")
        cellar_test_sanitizable(${name} "${levels}" "${sanitize}" may_run)
        if(may_run)
            string(REPLACE "/" "_" target ${name}_main)
            cellar_test_program(${target} OUTPUT ${name} SOURCE ${source} LEVELS ${levels} WITH ${with})
        endif()
        return()
    endif()
    cellar_test(NAME ${name} SOURCE ${source} LEVELS ${levels} WITH ${with}
        SANITIZE "${sanitize}" TIMEOUT "${timeout}")
    set(CELLAR_TEST_PLAN "${CELLAR_TEST_PLAN}" PARENT_SCOPE)
    set(CELLAR_TESTS_LEFT_OUT ${CELLAR_TESTS_LEFT_OUT} PARENT_SCOPE)
endfunction()

# A death test, tests/death/<name>.c: one misuse, linked as a user would. scripts/run-death compares how it ends with
# what its comments expect. Misuse is what compilers warn of, hence -w.
# `sanitize: no` among its comments keeps it out of the builds with a sanitizer, whose runtime may change what it shows.
function(cellar_death_test source)
    file(STRINGS ${source} unsanitized LIMIT_COUNT 6 REGEX "sanitize: no")
    if(CELLAR_SANITIZE AND unsanitized)
        return()
    endif()
    get_filename_component(name ${source} NAME_WE)
    add_executable(death_${name} ${source})
    set_target_properties(death_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/death)
    target_compile_options(death_${name} PRIVATE ${CELLAR_NO_BUILTIN_FLAGS} -w)
    target_link_libraries(death_${name} PRIVATE cellar_shared)
    add_dependencies(tests death_${name})
    cellar_test_plan(tap death/${name} 60
        ${CMAKE_SOURCE_DIR}/scripts/run-death ${source} ${CMAKE_BINARY_DIR}/tests/death/${name})
    set(CELLAR_TEST_PLAN "${CELLAR_TEST_PLAN}" PARENT_SCOPE)
endfunction()

# A shared library of a row's own, tests/conformance/<name>.c, in the folder of the rows.
function(cellar_conformance_module name)
    if(NOT TARGET conformance_${name})
        add_library(conformance_${name} SHARED ${CMAKE_SOURCE_DIR}/tests/conformance/${name}.c)
        set_target_properties(conformance_${name} PROPERTIES
            OUTPUT_NAME ${name} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/conformance)
        target_compile_options(conformance_${name} PRIVATE ${CELLAR_NO_BUILTIN_FLAGS})
    endif()
endfunction()

# A row of the conformance table, tests/conformance/<group>_<name>.c (or .cc): a program for libc alone, here run with
# libcellar.so preloaded; scripts/conformance runs the same program with the peers. Its first line says:
#
#   title: TEXT         what it is about
#   timeout: SECONDS    instead of 60
#   preload: no         it opens the library itself, the path being in $CONFORMANCE_LIB
#   links: NAME         a shared library of its own, tests/conformance/NAME.c, that it is linked with
#   loads: NAME         one that it opens
function(cellar_conformance_row source)
    get_filename_component(name ${source} NAME_WE)
    foreach(key title timeout preload links loads)
        cellar_test_header(${source} ${key} ${key})
    endforeach()
    if(NOT title)
        message(FATAL_ERROR "${source}: the first line has no 'title: ...' (see cmake/tests.cmake)")
    endif()
    add_executable(conformance_row_${name} ${source})
    set_target_properties(conformance_row_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/conformance)
    # clang declares the sized operators delete only when asked to.
    target_compile_options(conformance_row_${name} PRIVATE ${CELLAR_NO_BUILTIN_FLAGS}
        $<$<COMPILE_LANGUAGE:CXX>:-fsized-deallocation>)
    target_compile_definitions(conformance_row_${name} PRIVATE _GNU_SOURCE=1)
    foreach(module ${links} ${loads})
        cellar_conformance_module(${module})
        add_dependencies(conformance_row_${name} conformance_${module})
    endforeach()
    if(links)
        target_link_libraries(conformance_row_${name} PRIVATE conformance_${links})
    endif()
    add_dependencies(conformance conformance_row_${name})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    if(NOT timeout)
        set(timeout 60)
    endif()
    set(library ${CMAKE_BINARY_DIR}/libcellar.so)
    set(preloaded LD_PRELOAD=${library})
    if(preload STREQUAL no)
        set(preloaded "")
    endif()
    cellar_test_plan(exit conformance/${name} ${timeout}
        env ${preloaded} CONFORMANCE_LIB=${library} ${CMAKE_BINARY_DIR}/tests/conformance/${name})
    set(CELLAR_TEST_PLAN "${CELLAR_TEST_PLAN}" PARENT_SCOPE)
endfunction()

# A script that prints TAP, tests/<kind>/<name>_test.{sh,py}; it finds the build in $CELLAR_BUILD. It runs for the main
# build, and for each that a program can be preloaded with when one of its first lines says `# builds: all`.
function(cellar_script_test script)
    file(STRINGS ${script} everywhere LIMIT_COUNT 8 REGEX "^# builds: all$")
    if(CELLAR_SANITIZE OR NOT (CELLAR_SCRIPT_TESTS OR everywhere))
        return()
    endif()
    file(STRINGS ${script} timeout LIMIT_COUNT 8 REGEX "^# timeout: [0-9]+$")
    string(REGEX REPLACE "[^0-9]" "" timeout "${timeout}")
    if(NOT timeout)
        set(timeout 120)
    endif()
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/tests ${script})
    string(REGEX REPLACE "_test\\.(sh|py)$" "" name ${name})
    cellar_test_plan(tap ${name} ${timeout} ${script})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script})
    set(CELLAR_TEST_PLAN "${CELLAR_TEST_PLAN}" PARENT_SCOPE)
endfunction()
