// Loses memory: LeakSanitizer must say so.
#include <cstdlib>

int main(int argc, char**) {
  void* volatile lost = std::malloc(static_cast<unsigned>(argc) * 100);
  lost = nullptr;
  return lost == nullptr ? 0 : 1;
}
