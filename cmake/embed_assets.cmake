# Puts the files that the HTTP server sends into the program (see adapters/http/asset.hpp), written
# anew when one changes.
file(GLOB asset_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/adapters/http/dashboard/*
                                        ${PROJECT_SOURCE_DIR}/adapters/http/openapi.json)
list(SORT asset_files)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${asset_files})

set(asset_lookups "")
foreach(file IN LISTS asset_files)
  get_filename_component(name ${file} NAME)
  file(READ ${file} contents)
  string(APPEND asset_lookups
         "  if (name == \"${name}\") return R\"asset(${contents})asset\";\n")
endforeach()

file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/assets.cpp @ONLY CONTENT
"// Written by cmake/embed_assets.cmake.
#include \"adapters/http/asset.hpp\"

namespace feedtree::http {

std::string_view asset(std::string_view name) {
@asset_lookups@  return {};
}

}  // namespace feedtree::http
")
target_sources(feedtree_adapters PRIVATE ${PROJECT_BINARY_DIR}/generated/assets.cpp)
