# Everything here comes from Debian's packages: see docs/dependencies.md.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)

# CAF 0.17 ships no CMake package; libnats and zstd keep theirs in places that differ by release.
function(feedtree_import name header library)
  string(TOUPPER ${name} upper)
  find_path(FEEDTREE_${upper}_INCLUDE ${header} REQUIRED)
  find_library(FEEDTREE_${upper}_LIBRARY ${library} REQUIRED)
  add_library(feedtree_import_${name} INTERFACE)
  target_include_directories(feedtree_import_${name} SYSTEM INTERFACE ${FEEDTREE_${upper}_INCLUDE})
  target_link_libraries(feedtree_import_${name} INTERFACE ${FEEDTREE_${upper}_LIBRARY})
  add_library(feedtree::${name} ALIAS feedtree_import_${name})
endfunction()

feedtree_import(caf caf/all.hpp caf_core)
feedtree_import(nats nats/nats.h nats)
feedtree_import(zstd zstd.h zstd)
