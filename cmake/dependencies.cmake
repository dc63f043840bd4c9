# Debian packages: libopenblas-dev zlib1g-dev libjansson-dev libstb-dev libprotobuf-c-dev protobuf-c-compiler libcmocka-dev (tests), a
# compiler with OpenMP.
find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.10)
pkg_check_modules(STB REQUIRED stb)
add_library(OpenBLAS::OpenBLAS ALIAS PkgConfig::OPENBLAS)
add_library(Jansson::Jansson ALIAS PkgConfig::JANSSON)
# Headers alone: the two files that use them compile the few formats that are wanted, and no others.
add_library(stb_headers INTERFACE)
target_include_directories(stb_headers SYSTEM INTERFACE ${STB_INCLUDE_DIRS})
add_library(stb::stb ALIAS stb_headers)
# The ONNX messages are compiled from our own description of them, apart from our warnings.
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
find_program(PROTOC_C protoc-c REQUIRED)
set(onnx_messages ${CMAKE_CURRENT_BINARY_DIR}/messages)
file(MAKE_DIRECTORY ${onnx_messages})
add_custom_command(OUTPUT ${onnx_messages}/onnx.pb-c.c ${onnx_messages}/onnx.pb-c.h
                   COMMAND ${PROTOC_C} --proto_path=${PROJECT_SOURCE_DIR}/nets/onnx --c_out=${onnx_messages} onnx.proto
                   DEPENDS nets/onnx/onnx.proto VERBATIM)
add_library(onnx_messages STATIC ${onnx_messages}/onnx.pb-c.c ${onnx_messages}/onnx.pb-c.h)
set_target_properties(onnx_messages PROPERTIES OUTPUT_NAME cnnaudit_onnx_messages)
target_include_directories(onnx_messages SYSTEM PUBLIC $<BUILD_INTERFACE:${onnx_messages}>)
target_link_libraries(onnx_messages PUBLIC PkgConfig::PROTOBUF_C)
