# Everything here comes from Debian's packages: see docs/dependencies.md.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(CURL REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)

# Links the tests' programs in seconds; without it the compiler's own linker does.
find_program(FEEDTREE_LLD ld.lld)
set(FEEDTREE_LINKER "" CACHE STRING "Value of -fuse-ld=, or empty for the compiler's own")
if(FEEDTREE_LLD AND NOT FEEDTREE_LINKER AND NOT FEEDTREE_SANITIZE)
  set(FEEDTREE_LINKER lld)
endif()

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

# ThreadSanitizer must see how CAF hands messages from thread to thread, and Debian's library is not
# built with it: scripts/caf-source fetches the sources of that library (see docs/decisions/0013).
function(feedtree_caf_from source)
  file(GLOB_RECURSE sources ${source}/libcaf_core/src/*.cpp)
  add_library(feedtree_caf STATIC ${sources})
  target_compile_options(feedtree_caf PRIVATE -w -fno-omit-frame-pointer
                                              -fsanitize=${FEEDTREE_SANITIZE})
  target_link_libraries(feedtree_caf PUBLIC Threads::Threads)
  add_library(feedtree::caf ALIAS feedtree_caf)
endfunction()

if(EXISTS "${FEEDTREE_CAF_SOURCE}/libcaf_core")
  feedtree_caf_from(${FEEDTREE_CAF_SOURCE})
else()
  feedtree_import(caf caf/all.hpp caf_core)
endif()
feedtree_import(nats nats/nats.h nats)
feedtree_import(zstd zstd.h zstd)
# Its CMake package asks for libcurl, which only pushing needs.
feedtree_import(prometheus prometheus/text_serializer.h prometheus-cpp-core)
feedtree_import(hiredis hiredis/hiredis.h hiredis)
feedtree_import(sodium sodium.h sodium)
