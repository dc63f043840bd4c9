# Debian packages: libopenblas-dev zlib1g-dev libjansson-dev libstb-dev libcmocka-dev (tests), a compiler with OpenMP.
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
