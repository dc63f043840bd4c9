# Kernels compiled for one instruction set carry its name as the last word of their file name: foo_avx2.c, foo_avx512.c.
# They are entered only after a check of the CPU at run time, so that the binary runs on any x86-64.
file(GLOB kernels_avx2 CONFIGURE_DEPENDS nets/kernels/*_avx2.c)
file(GLOB kernels_avx512 CONFIGURE_DEPENDS nets/kernels/*_avx512.c)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${kernels_avx2} PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma")
  set_source_files_properties(${kernels_avx512} PROPERTIES COMPILE_OPTIONS "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mfma")
endif()
# Their vectors are wider than some of these sets and never leave a file; gcc warns of it where nothing is inlined.
file(GLOB kernels_pointwise CONFIGURE_DEPENDS nets/kernels/pointwise_*.c)
set_property(SOURCE ${kernels_pointwise} APPEND PROPERTY COMPILE_OPTIONS -Wno-psabi)
