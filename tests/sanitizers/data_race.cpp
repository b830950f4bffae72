// Two threads write one variable: ThreadSanitizer must say so.
#include <thread>

int main() {
  int value = 0;
  std::thread other([&value] { ++value; });
  ++value;
  other.join();
  return value == 2 ? 0 : 1;
}
