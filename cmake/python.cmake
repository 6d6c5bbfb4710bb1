# The Python side: the interpreter that the extension module is built for, and the package as the
# build tree shows it. build/python/headrace holds links to the files of python/headrace (so an
# edit needs no build) and the extension module beside them (src/worker puts it there).
set(HEADRACE_PYTHON /usr/bin/python3 CACHE FILEPATH "Interpreter the extension module is built for")
set(Python3_EXECUTABLE ${HEADRACE_PYTHON})
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter Development.Module)

set(HEADRACE_PACKAGE_DIR ${CMAKE_BINARY_DIR}/python/headrace)
set(package_source ${CMAKE_SOURCE_DIR}/python/headrace)
file(GLOB_RECURSE package_files RELATIVE ${package_source} CONFIGURE_DEPENDS
  ${package_source}/*.py ${package_source}/*.pyi ${package_source}/py.typed)

file(GLOB_RECURSE stale_links ${HEADRACE_PACKAGE_DIR}/*.py ${HEADRACE_PACKAGE_DIR}/*.pyi)
if(stale_links)
  file(REMOVE ${stale_links})
endif()
foreach(package_file ${package_files})
  get_filename_component(folder ${HEADRACE_PACKAGE_DIR}/${package_file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${package_source}/${package_file} ${HEADRACE_PACKAGE_DIR}/${package_file}
       SYMBOLIC)
endforeach()
