add_test(NAME structure/includes
         COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -P ${CMAKE_CURRENT_SOURCE_DIR}/check_includes.cmake)
add_test(NAME structure/includes-detects
         COMMAND ${CMAKE_COMMAND} -DCHECK=${CMAKE_CURRENT_SOURCE_DIR}/check_includes.cmake
                 -DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/planted -P ${CMAKE_CURRENT_SOURCE_DIR}/check_includes_detects.cmake)
