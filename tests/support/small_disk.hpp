// A disk that is soon full.
#pragma once

#include <cstdint>
#include <string>

namespace feedtree::tests {

// A file system of a few MiB in memory, in a folder. As root, or in a user namespace of our own
// where the machine allows that; the latter only while the process has one thread.
class small_disk {
 public:
  small_disk(const std::string& folder, std::uint64_t bytes);
  ~small_disk();
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  // False: this machine lets us mount nothing.
  bool is_mounted() const { return mounted_; }
  const std::string& path() const { return path_; }
  // Writes a file until only so many bytes are free.
  void fill(std::uint64_t bytes_left) const;
  // Removes it.
  void free() const;

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace feedtree::tests
