# What `make install` puts where, and the Debian package made of it.
# Everything hangs under one prefix: bin/headrace finds ../lib/headrace/python from its own place.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # the tests need not be built for it
if(TARGET headrace)
  install(TARGETS headrace RUNTIME DESTINATION bin)
endif()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/python/headrace DESTINATION lib/headrace/python
        FILES_MATCHING PATTERN "*.py" PATTERN "*.pyi" PATTERN "py.typed"
        PATTERN "__pycache__" EXCLUDE)
# Workers seldom may write there, and would compile the package anew at each start. The bytecode is
# told by what its source holds, since packages change the times of files.
install(CODE "execute_process(COMMAND ${HEADRACE_PYTHON} -m compileall -q
  --invalidation-mode checked-hash -d headrace
  \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/headrace/python/headrace\"
  COMMAND_ERROR_IS_FATAL ANY)")
if(TARGET _worker)
  install(TARGETS _worker LIBRARY DESTINATION lib/headrace/python/headrace)
endif()
install(FILES ${CMAKE_SOURCE_DIR}/packaging/headrace.service
        DESTINATION share/doc/headrace/examples)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/headrace RENAME copyright)
install(FILES ${CMAKE_SOURCE_DIR}/docs/guide.md DESTINATION share/doc/headrace)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/reference DESTINATION share/doc/headrace)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME headrace)
set(CPACK_PACKAGE_CONTACT "The Headrace authors <headrace@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Server for Python web applications (WSGI and ASGI)")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION web)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

# The extension module loads into one minor version of Python only.
math(EXPR next_minor "${Python3_VERSION_MINOR} + 1")
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "python3 (>= 3.${Python3_VERSION_MINOR}), python3 (<< 3.${next_minor})")
include(CPack)
