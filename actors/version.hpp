#pragma once

namespace feedtree::actors {

// "0.1.0", with the revision where the build knew it.
const char* version_text();

}  // namespace feedtree::actors
