#include "tests/support/small_disk.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace feedtree::tests {
namespace {

bool mount_at(const std::string& path, std::uint64_t bytes) {
  const auto options = "size=" + std::to_string(bytes);
  return ::mount("tmpfs", path.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

// From here on this process sees mounts of its own, as if it were root.
bool enter_namespace() {
  const auto map = [](unsigned id) { return "0 " + std::to_string(id) + " 1"; };
  const auto user = map(::getuid());
  const auto group = map(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << user;
  std::ofstream("/proc/self/gid_map") << group;
  return true;
}

}  // namespace

small_disk::small_disk(const std::string& folder, std::uint64_t bytes) : path_(folder) {
  std::filesystem::create_directories(path_);
  mounted_ = mount_at(path_, bytes) || (enter_namespace() && mount_at(path_, bytes));
}

small_disk::~small_disk() {
  if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
}

void small_disk::fill(std::uint64_t bytes_left) const {
  std::ofstream file(path_ + "/filler", std::ios::binary | std::ios::app);
  const std::string piece(4'096, 'x');
  while (std::filesystem::space(path_).available > bytes_left && file.flush()) file << piece;
}

void small_disk::free() const {
  std::filesystem::remove(path_ + "/filler");
}

}  // namespace feedtree::tests
