// A variable whose address an actor gets in a message. Its sender writes it before the message and
// after the answer, which is no race; with the argument `early` also in between, which is one.
#include <caf/all.hpp>
#include <cstdint>

namespace {

caf::behavior adder() {
  return {[](std::uint64_t address) { return ++*reinterpret_cast<int*>(address); }};
}

int count(caf::actor_system& system, bool early) {
  int value = 0;
  caf::scoped_actor self{system};
  auto other = self->spawn(adder);
  ++value;
  self->send(other, reinterpret_cast<std::uint64_t>(&value));
  if (early) ++value;
  self->receive([](int) {});
  return ++value;
}

}  // namespace

int main(int argc, char**) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  return count(system, argc > 1) >= 3 ? 0 : 1;
}
