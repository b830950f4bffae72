// What of Asio and Beast need not be inline, compiled once: see feedtree_network in
// cmake/targets.cmake.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
