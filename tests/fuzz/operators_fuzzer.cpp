// libFuzzer target: files of operators that are imported, and bodies of sign-ins, whatever the
// text. Who is imported has a name and a role that an operator may have, and one secret at most; a
// problem is a line, and the text of no password.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "actors/operator/operator_import.hpp"
#include "adapters/http/login_body.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace feedtree;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = actors::parse_operators(text);
  for (const auto& each : result.operators) {
    must(each.password.empty() || each.password_hash.empty());
    if (!result.problems.empty()) continue;  // then nothing is imported
    must(actors::operator_name_error(each.name).empty());
    must(each.role == access_role::viewer || each.role == access_role::operates);
  }
  for (const auto& each : result.problems) {
    must(!each.empty() && each.find('\n') == each.npos);
  }
  const auto body = http::parse_login(text);
  must(!body || !body->name.empty());
  return 0;
}
