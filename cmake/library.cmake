# build/libcellar.so and build/libcellar.a, from the objects of all levels. abi/symbols.txt says what is exported.
set(objects ${CELLAR_LEVELS})
list(TRANSFORM objects REPLACE "(.+)" "$<TARGET_OBJECTS:cellar_\\1>")

# No version node: a program asks for malloc@GLIBC_2.2.5, and the dynamic linker takes a preloaded malloc for it only
# when that has no version of its own.
set(symbols ${CMAKE_SOURCE_DIR}/abi/symbols.txt)
set(version_script ${CMAKE_BINARY_DIR}/cellar.map)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${symbols})
file(STRINGS ${symbols} names REGEX "^[a-zA-Z_]")
list(JOIN names ";\n        " names)
file(CONFIGURE OUTPUT ${version_script} CONTENT "{\n    global:\n        @names@;\n    local:\n        *;\n};\n" @ONLY)

add_library(cellar_shared SHARED ${objects})
set_target_properties(cellar_shared PROPERTIES OUTPUT_NAME cellar
    VERSION ${CELLAR_VERSION} SOVERSION ${CELLAR_SOVERSION} LINK_DEPENDS ${version_script})
target_include_directories(cellar_shared INTERFACE ${CMAKE_SOURCE_DIR}/include)
# now: resolving a symbol on first use could enter malloc while malloc runs. nodelete: blocks and threads outlive a
# dlclose. defs: an undefined symbol is found here, not in somebody's program.
target_link_options(cellar_shared PRIVATE -Wl,--version-script=${version_script} -Wl,-z,relro -Wl,-z,now
    -Wl,-z,nodelete -Wl,-z,noexecstack -Wl,--as-needed)
if(NOT CELLAR_SANITIZE)
    target_link_options(cellar_shared PRIVATE -Wl,-z,defs)
endif()

add_library(cellar_static STATIC ${objects})
set_target_properties(cellar_static PROPERTIES OUTPUT_NAME cellar)
target_include_directories(cellar_static INTERFACE ${CMAKE_SOURCE_DIR}/include)
