# lapidary_embed(ROOM FILE NAME): the text of FILE (ASCII, at most 64 KB) becomes part of the room's library, declared in
# src/ROOM as `extern const std::string_view NAME;` in namespace lapidary::ROOM. No file has to be found when the program runs.
function(lapidary_embed room file name)
  set(path ${PROJECT_SOURCE_DIR}/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} EMBEDDED_TEXT)
  set(EMBEDDED_ROOM ${room})
  set(EMBEDDED_NAME ${name})
  set(generated ${PROJECT_BINARY_DIR}/generated/${room}_${name}.cc)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embedded.cc.in ${generated} @ONLY)
  target_sources(lapidary_${room} PRIVATE ${generated})
endfunction()
