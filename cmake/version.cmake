# The version is written once, in the public header.
set(header ${CMAKE_SOURCE_DIR}/include/cellar/cellar.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
file(STRINGS ${header} CELLAR_VERSION REGEX "define CELLAR_VERSION +\"")
if(NOT CELLAR_VERSION MATCHES "\"([0-9]+)\\.([0-9]+)\\.([0-9]+)\"")
    message(FATAL_ERROR "${header} has no line: #define CELLAR_VERSION \"X.Y.Z\"")
endif()
set(CELLAR_VERSION ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3})
set(CELLAR_SOVERSION ${CMAKE_MATCH_1})
