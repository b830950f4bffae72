#include "actors/version.hpp"

#ifndef FEEDTREE_VERSION
#error "the build says which version this is"
#endif

namespace feedtree::actors {

const char* version_text() {
  return FEEDTREE_VERSION;
}

}  // namespace feedtree::actors
