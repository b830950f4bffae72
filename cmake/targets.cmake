# Flags that every target of ours gets.
function(feedtree_target target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                                           -Woverloaded-virtual -Wpedantic -Wcast-align)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 sees overlapping copies inside its own std::string (GCC bug 105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(FEEDTREE_LINKER)
    target_link_options(${target} PUBLIC -fuse-ld=${FEEDTREE_LINKER})
  endif()
  if(FEEDTREE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(FEEDTREE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${FEEDTREE_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${FEEDTREE_SANITIZE})
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND FEEDTREE_SANITIZE MATCHES "address,undefined")
    # As shared libraries they disagree on where reports go: UBSan's would not reach log_path.
    target_link_options(${target} PUBLIC -static-libasan -static-libubsan)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND FEEDTREE_SANITIZE)
    # What g++ reckons to be uninitialised is often the instrumentation's; the release build asks too.
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND FEEDTREE_SANITIZE MATCHES "thread")
    # g++ warns that atomic_thread_fence is not instrumented; Boost uses it and is not at fault.
    target_compile_options(${target} PRIVATE -Wno-tsan)
  endif()
endfunction()

# One folder, one library: every .cpp below it but main.cpp. Venues and sinks register themselves
# by static objects, so whoever links the library links it whole (see feedtree_link).
function(feedtree_library folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(FEEDTREE_FUZZ AND folder STREQUAL "adapters")
    # What is fuzzed is decoding; Beast under a fuzzer's instrumentation takes minutes to compile.
    list(FILTER sources INCLUDE REGEX "/adapters/(venues|http)/[a-z_]+\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "/adapters/http/server\\.cpp$")
  endif()
  add_library(feedtree_${folder} STATIC ${sources})
  feedtree_target(feedtree_${folder})
  foreach(dependency IN LISTS ARGN)
    target_link_libraries(feedtree_${folder} PUBLIC feedtree_${dependency})
  endforeach()
endfunction()

# g++ 12 forgets that what it precompiled are system headers and warns inside std::string (GCC bug 105329).
function(feedtree_quiet_standard_library target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
                                             -Wno-stringop-truncation -Wno-maybe-uninitialized)
  endif()
endfunction()

# Headers that most files of a library include are parsed once. Sources still include what they use:
# FEEDTREE_PCH=OFF builds without.
function(feedtree_precompile target)
  if(FEEDTREE_PCH)
    target_precompile_headers(${target} PRIVATE ${ARGN})
    feedtree_quiet_standard_library(${target})
  endif()
endfunction()

# What includes Asio or Beast is compiled apart: its headers are precompiled, and what of them need not be inline
# is compiled once, in adapters/transport/detail/boost.cpp.
function(feedtree_network folder)
  get_target_property(sources feedtree_${folder} SOURCES)
  set(network ${sources})
  list(FILTER network INCLUDE REGEX
       "/(detail/[a-z_]+|http/server|simulator/server|transport/(reactor|url))\\.cpp$")
  list(REMOVE_ITEM sources ${network})
  set_target_properties(feedtree_${folder} PROPERTIES SOURCES "${sources}")
  if(NOT network)
    return()
  endif()
  add_library(feedtree_${folder}_network OBJECT ${network})
  feedtree_target(feedtree_${folder}_network)
  target_link_libraries(feedtree_${folder}_network PRIVATE feedtree_config OpenSSL::SSL OpenSSL::Crypto
                                                           Boost::headers ZLIB::ZLIB)
  foreach(target feedtree_${folder} feedtree_${folder}_network)
    target_compile_definitions(${target} PUBLIC BOOST_ASIO_SEPARATE_COMPILATION
                                                BOOST_BEAST_SEPARATE_COMPILATION)
  endforeach()
  feedtree_precompile(feedtree_${folder}_network <boost/asio.hpp> <boost/asio/ssl.hpp> <boost/beast.hpp>
                      <boost/beast/ssl.hpp> <boost/beast/websocket.hpp>)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/adapters/transport/detail/boost.cpp
                              PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  target_sources(feedtree_${folder} PRIVATE $<TARGET_OBJECTS:feedtree_${folder}_network>)
endfunction()

# Links the given libraries of ours into a program with every registration in them.
function(feedtree_link target)
  foreach(folder IN LISTS ARGN)
    target_link_libraries(${target} PRIVATE -Wl,--whole-archive feedtree_${folder}
                                            -Wl,--no-whole-archive)
  endforeach()
endfunction()
