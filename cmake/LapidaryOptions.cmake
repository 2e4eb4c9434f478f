# Options, language standard, and the compile flags that every target of ours gets.
option(LAPIDARY_TESTS "Build the tests" ON)
option(LAPIDARY_WERROR "Warnings are errors" OFF)
option(LAPIDARY_FUZZ "Build only the fuzz targets (needs clang)" OFF)
set(LAPIDARY_SANITIZE "" CACHE STRING "Value of -fsanitize=, for example address,undefined")
set(LAPIDARY_CUDA "AUTO" CACHE STRING "AUTO (use CUDA if a compiler and the CUDA wheels are found), ON or OFF")
set_property(CACHE LAPIDARY_CUDA PROPERTY STRINGS AUTO ON OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

find_program(LAPIDARY_CCACHE ccache)
if(LAPIDARY_CCACHE)
  foreach(lang C CXX CUDA)
    set(CMAKE_${lang}_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${LAPIDARY_CCACHE})
  endforeach()
endif()
find_program(LAPIDARY_LLD ld.lld)
if(LAPIDARY_LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_library(lapidary_warnings INTERFACE)
target_compile_options(lapidary_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align>
  # g++ 12 warns of impossible overlaps inside std::string (GCC bug 105651)
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${LAPIDARY_WERROR}>>:-Werror>)
add_library(lapidary_conversion_warnings INTERFACE)  # for rooms that include no ATen header
target_compile_options(lapidary_conversion_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion -Wsign-conversion>)

add_compile_definitions(LAPIDARY_VERSION="${PROJECT_VERSION}")
add_compile_definitions($<$<NOT:$<CONFIG:Release>>:_GLIBCXX_ASSERTIONS>)
if(LAPIDARY_SANITIZE)
  add_compile_options(-fsanitize=${LAPIDARY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LAPIDARY_SANITIZE})
endif()
