# `cmake --install` gives the program, the libraries, their headers and a pkg-config file named cnnaudit.
install(TARGETS audit RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS core_lib datasets_lib onnx_messages nets_lib attacks_lib audit_lib ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(folder core datasets nets attacks audit)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cnnaudit
          FILES_MATCHING PATTERN "*.h" PATTERN "*.def" PATTERN "*_internal.h" EXCLUDE)
endforeach()
configure_file(cmake/cnnaudit.pc.in cnnaudit.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cnnaudit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
