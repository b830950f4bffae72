# Puts storage/migrations/<database>/NNNN_name.sql into the program: a source with one table of all
# of them (see storage/migrations/migration.hpp), written anew when a file changes.
file(GLOB migration_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/storage/migrations/*/*.sql)
list(SORT migration_files)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${migration_files})

set(migration_tables "")
set(migration_lookups "")
set(migration_database "")
foreach(file IN LISTS migration_files)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(database ${folder} NAME)
  get_filename_component(stem ${file} NAME_WE)
  if(NOT stem MATCHES "^0*([0-9]+)_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql")
  endif()
  set(version ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  if(NOT database STREQUAL migration_database)
    if(migration_database)
      string(APPEND migration_tables "};\n\n")
    endif()
    string(APPEND migration_tables "constexpr migration ${database}_migrations[] = {\n")
    string(APPEND migration_lookups
           "  if (database == \"${database}\") return ${database}_migrations;\n")
    set(migration_database ${database})
  endif()
  file(READ ${file} sql)
  string(APPEND migration_tables "    {${version}, \"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()
string(APPEND migration_tables "};\n")

file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/migrations.cpp @ONLY CONTENT
"// Written by cmake/embed_sql.cmake.
#include \"storage/migrations/migration.hpp\"

namespace feedtree::storage {
namespace {

@migration_tables@
}  // namespace

std::span<const migration> migrations_of(std::string_view database) {
@migration_lookups@  return {};
}

}  // namespace feedtree::storage
")
target_sources(feedtree_storage PRIVATE ${PROJECT_BINARY_DIR}/generated/migrations.cpp)
target_link_libraries(feedtree_storage PUBLIC OpenSSL::Crypto)
