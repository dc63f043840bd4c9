# Compiler flags shared by every target.
#
# Results must not depend on the compiler's mood: no contraction of a*b+c, no -ffast-math (NaN checks must work), and a baseline
# instruction set; the fast kernels choose theirs per file (kernels.cmake).
# Nobody looks at the exceptions of floating point, and without that loops that choose between numbers become vectors: no result changes.
option(AUDIT_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(AUDIT_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(AUDIT_WERROR "Treat warnings as errors" ON)

add_library(audit_flags INTERFACE)
target_include_directories(audit_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(audit_flags INTERFACE _POSIX_C_SOURCE=200809L AUDIT_VERSION="${PROJECT_VERSION}")
target_compile_options(audit_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
                       -ffp-contract=off -fno-trapping-math $<$<BOOL:${AUDIT_WERROR}>:-Werror>)
if(AUDIT_SANITIZE)
  target_compile_options(audit_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(audit_flags INTERFACE -fsanitize=address,undefined)
endif()
if(AUDIT_FUZZ)
  target_compile_options(audit_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
