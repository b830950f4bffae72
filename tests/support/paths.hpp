#pragma once

// Where the checkout and the programs under test lie. Functions and not macros: only paths.cpp is
// compiled with paths in its command, so a compiler cache serves every other test in any checkout.
namespace feedtree::paths {

const char* source_folder();     // the checkout, without a slash at its end
const char* feedtree_program();  // build/<preset>/feedtree
const char* nats_listener();     // a NATS subscriber that shares no code with feedtree
const char* delivery_source();   // numbered trades in front of the real delivery
const char* delivery_load();     // the same under load

}  // namespace feedtree::paths
