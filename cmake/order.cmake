# The order of what is in a shared library, so that a process has few pages of the file resident.
#
#   headers .rodata | .text | .eh_frame .rodata.rest | .text.rest | .data .bss        a bar: the next segment of the file
#
# A fault makes all pages of its aligned 64 KiB resident that are in the page cache and in the same mapping. So the
# functions that programs run (order.txt, which scripts/order prints anew) have a segment of their own, not an aligned
# place: those that few programs run lie behind the unwind tables, since neighbours of the same kind would be one
# mapping. The read-only data that a start reads shares the segment of the headers, which a start reads as well; the texts
# of statistics and of what stops a program do not.
#
# valgrind reads lines, and callgrind names, of .text alone: CELLAR_ORDER=OFF is for looking at the rest with them. The
# figures are in docs/adr/0021-what-lies-together.md.
option(CELLAR_ORDER "The functions that programs run have a segment of their own in the shared libraries" ON)
set(CELLAR_ORDER_SCRIPT ${CMAKE_BINARY_DIR}/order.ld)
set(order_list ${CMAKE_SOURCE_DIR}/cmake/order.txt)
set(order_template ${CMAKE_SOURCE_DIR}/cmake/order.ld.in)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${order_list} ${order_template})

# Files whose read-only data no start reads, and no ordinary request.
set(order_apart */stat/* */zone/* */slab/geometry.* */malloc/info.* */malloc/block.* */malloc/new.* */malloc/arena.*
    */malloc/quantum.*)
list(JOIN order_apart " " order_apart)

# One statement for each function, as a statement with several takes them in the order of the object files. A compiler
# adds .part.0 and the like to a name. What it puts aside as unlikely stays with the rest; CELLAR_COLD is for such functions.
file(STRINGS ${order_list} functions REGEX "^[a-zA-Z_]")
list(TRANSFORM functions REPLACE "(.+)" "        *(.text.\\1 .text.\\1.*)")
list(JOIN functions "\n" functions)
configure_file(${order_template} ${CELLAR_ORDER_SCRIPT} @ONLY)

# Only GNU ld adds INSERT to a layout like this; with any other linker its own order stays. Sanitizers call what they like.
separate_arguments(order_link NATIVE_COMMAND "${CMAKE_C_FLAGS} ${CMAKE_SHARED_LINKER_FLAGS}")
file(WRITE ${CMAKE_BINARY_DIR}/order.c "void order(void); void order(void) {}\n")
execute_process(COMMAND ${CMAKE_C_COMPILER} ${order_link} -shared -fPIC -ffunction-sections -Wl,-v
    -Wl,-T,${CELLAR_ORDER_SCRIPT} -o ${CMAKE_BINARY_DIR}/order.so ${CMAKE_BINARY_DIR}/order.c
    RESULT_VARIABLE order_status OUTPUT_VARIABLE order_output ERROR_VARIABLE order_output)
if(CELLAR_SANITIZE)
    set(CELLAR_ORDER_SCRIPT "")
elseif(NOT CELLAR_ORDER OR NOT order_status EQUAL 0 OR NOT order_output MATCHES "(^|\n)GNU ld ")
    message(STATUS "The shared libraries have the linker's own order")
    set(CELLAR_ORDER_SCRIPT "")
endif()
