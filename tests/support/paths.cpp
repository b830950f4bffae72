#include "tests/support/paths.hpp"

namespace feedtree::paths {

const char* source_folder() {
  return FEEDTREE_SOURCE_DIR;
}
const char* feedtree_program() {
  return FEEDTREE_BINARY;
}
const char* nats_listener() {
  return NATS_LISTENER;
}
const char* delivery_source() {
  return DELIVERY_SOURCE;
}
const char* delivery_load() {
  return DELIVERY_LOAD;
}

}  // namespace feedtree::paths
