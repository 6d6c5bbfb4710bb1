# headrace_options: what every target of the project is compiled with.
add_library(headrace_options INTERFACE)
target_include_directories(headrace_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(headrace_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers)

# The edge reads bytes of strangers: the cheap defences of compiler and linker are always on.
target_compile_options(headrace_options INTERFACE -fstack-protector-strong)
target_link_options(headrace_options INTERFACE -Wl,-z,relro,-z,now)
target_compile_definitions(headrace_options INTERFACE
  $<IF:$<CONFIG:Release>,_FORTIFY_SOURCE=2,_GLIBCXX_ASSERTIONS>)

set(HEADRACE_SANITIZE "" CACHE STRING "Comma-separated sanitizers: address,undefined or thread")
if(HEADRACE_SANITIZE)
  target_compile_options(headrace_options INTERFACE
    -fsanitize=${HEADRACE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(headrace_options INTERFACE -fsanitize=${HEADRACE_SANITIZE})
endif()

option(HEADRACE_COVERAGE "Count which lines run (gcov)" OFF)
if(HEADRACE_COVERAGE)
  target_compile_options(headrace_options INTERFACE --coverage)
  target_link_options(headrace_options INTERFACE --coverage)
endif()

# The fuzzer steers by the branches of the code under test, so the libraries are instrumented too.
option(HEADRACE_FUZZ "Build the libFuzzer binaries (clang)" OFF)
if(HEADRACE_FUZZ)
  target_compile_options(headrace_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(HEADRACE_CCACHE ccache)
if(HEADRACE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${HEADRACE_CCACHE})
endif()
