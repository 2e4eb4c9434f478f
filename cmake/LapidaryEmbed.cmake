# lapidary_embed(TARGET NAME files...) compiles files into TARGET as lapidary::assets::NAME's texts: header "NAME_assets.h" in the build
# tree declares  std::string_view asset(std::string_view file_name)  in namespace lapidary::NAME_assets; "" for an unknown name.
# The program then needs no files beside it.
function(lapidary_embed target name)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/embedded)
  set(body "")
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} text)
    get_filename_component(file_name ${file} NAME)
    # A string literal may be cut anywhere: pieces stay below the length that compilers must take.
    string(LENGTH "${text}" length)
    set(position 0)
    set(pieces "")
    while(position LESS length)
      string(SUBSTRING "${text}" ${position} 8000 piece)
      string(APPEND pieces "R\"lapidary(${piece})lapidary\" ")
      math(EXPR position "${position} + 8000")
    endwhile()
    string(APPEND body "  if (file_name == \"${file_name}\") return ${pieces};\n")
  endforeach()
  file(CONFIGURE OUTPUT ${folder}/${name}_assets.h CONTENT
"#pragma once
#include <string_view>
namespace lapidary::${name}_assets {
std::string_view asset(std::string_view file_name);
}
")
  file(GENERATE OUTPUT ${folder}/${name}_assets.cc CONTENT
"#include \"${name}_assets.h\"
namespace lapidary::${name}_assets {
std::string_view asset(std::string_view file_name) {
${body}  return {};
}
}
")
  target_sources(${target} PRIVATE ${folder}/${name}_assets.cc)
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
