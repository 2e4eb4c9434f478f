# Compile flags of src/kernels: each file named after an instruction set is compiled for it and entered only on processors
# that have it (kernels/api/cpu.h). Kernels are optimised in every preset, and a sum is computed as it is written.
function(lapidary_kernel_flags name)
  set(file ${PROJECT_SOURCE_DIR}/src/kernels/cpu/${name}.cc)
  set_property(SOURCE ${file} APPEND PROPERTY COMPILE_OPTIONS -O3 -ffp-contract=off -Wno-sign-conversion ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # g++ 12 takes the undefined vectors inside its own intrinsics for a mistake.
    set_property(SOURCE ${file} APPEND PROPERTY COMPILE_OPTIONS -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
endfunction()
set(_avx512 -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl)
lapidary_kernel_flags(avx2 -mavx2 -mfma)
lapidary_kernel_flags(avx512 ${_avx512})
lapidary_kernel_flags(avx512_bf16 ${_avx512} -mavx512bf16)
