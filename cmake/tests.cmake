# Test programs. Adding a test is adding a file: tests/<kind>/<name>_test.c (or .cc) becomes the program
# build/tests/<kind>/<name>_test, described by its first line, a comment of `key: value` pairs parted by semicolons:
#
#   levels: base os     the levels whose objects it links, in the test flavour; what is not linked, the test fakes
#           zone/depot  one source file of a level
#           all         every level, malloc included: the program itself runs on Cellar
#           lib         build/libcellar.so, as a user links it
#           api         build/libcellar-api.so, which leaves malloc to libc
#   with: fake/os.c     more sources, relative to tests/
#   sanitize: yes|no    overrides the rule below
#   timeout: SECONDS    instead of 120
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
    if(CELLAR_SANITIZE AND choice)
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

# cellar_test(NAME kind/name SOURCES file... LEVELS level... [SANITIZE yes|no] [TIMEOUT seconds])
function(cellar_test)
    cmake_parse_arguments(test "" "NAME;SANITIZE;TIMEOUT" "SOURCES;LEVELS" ${ARGN})
    cellar_test_sanitizable("${test_NAME}" "${test_LEVELS}" "${test_SANITIZE}" may_run)
    if(NOT may_run)
        set(CELLAR_TESTS_LEFT_OUT ${CELLAR_TESTS_LEFT_OUT} ${test_NAME} PARENT_SCOPE)
        return()
    endif()
    string(REPLACE "/" "_" target ${test_NAME}_test)
    get_filename_component(kind ${test_NAME} DIRECTORY)
    get_filename_component(name ${test_NAME} NAME)
    add_executable(${target} ${test_SOURCES})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${name}_test RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/${kind})
    target_include_directories(${target} PRIVATE
        ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE CELLAR_DEBUG=1)
    target_compile_options(${target} PRIVATE ${CELLAR_NO_BUILTIN_FLAGS})
    cellar_test_link(${target} "${test_LEVELS}")
    add_dependencies(tests ${target})
    if(NOT test_TIMEOUT)
        set(test_TIMEOUT 120)
    endif()
    cellar_test_plan(tap ${test_NAME} ${test_TIMEOUT} ${CMAKE_BINARY_DIR}/tests/${kind}/${name}_test)
    set(CELLAR_TEST_PLAN "${CELLAR_TEST_PLAN}" PARENT_SCOPE)
endfunction()

# The test that a file tests/<kind>/<name>_test.c is.
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
    list(TRANSFORM with PREPEND ${CMAKE_SOURCE_DIR}/tests/)
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/tests ${source})
    string(REGEX REPLACE "_test\\.cc?$" "" name ${name})
    cellar_test(NAME ${name} SOURCES ${source} ${with} LEVELS ${levels} SANITIZE "${sanitize}" TIMEOUT "${timeout}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
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
