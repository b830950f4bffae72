#include "adapters/venues/plain_reader.hpp"

namespace feedtree::venues {
namespace {

// Eight characters of a time, in which '0' stands for any digit.
class time_form {
 public:
  explicit constexpr time_form(const char (&form)[9]) {
    for (unsigned at = 0; at < 8; ++at) {
      const auto c = static_cast<unsigned char>(form[at]);
      characters_ |= std::uint64_t{c} << (8 * at);
      room_ |= std::uint64_t{c == '0' ? 0x76U : 0x7fU} << (8 * at);
    }
  }
  // The digits as lanes of 0 to 9; false if a digit or separator is missing. Adding the room sets
  // the top bit of each lane that is too high; such a lane may also make the next one look so.
  bool read(const char* from, std::uint64_t& lanes) const {
    lanes = plain::load_word(from) ^ characters_;
    return (((lanes + room_) | lanes) & plain::tops) == 0;
  }

 private:
  std::uint64_t characters_ = 0;
  std::uint64_t room_ = 0;
};

// The number of two digits.
std::int64_t pair(std::uint64_t lanes, unsigned first) {
  lanes >>= 8 * first;
  return static_cast<std::int64_t>((lanes & 15) * 10 + (lanes >> 8 & 15));
}

}  // namespace

bool plain_reader::rfc3339(std::int64_t& out) {
  static constexpr time_form date_form("0000-00-");
  static constexpr time_form clock_form("00T00:00");
  std::uint64_t date = 0;
  std::uint64_t time = 0;
  if (!date_form.read(at_, date) || !clock_form.read(at_ + 8, time)) return false;
  at_ += 16;
  std::uint64_t second = 0;
  std::uint64_t fraction = 0;
  unsigned digits = 0;
  if (!take(':') || plain::read_digits(at_, second) != 2) return false;
  if (take('.')) {
    digits = plain::read_digits(at_, fraction);
    if (digits == 0 || digits > 9) return false;
  }
  const calendar_time when{pair(date, 0) * 100 + pair(date, 2),
                           pair(date, 5),
                           pair(time, 0),
                           pair(time, 3),
                           pair(time, 6),
                           static_cast<std::int64_t>(second)};
  if (!when.is_valid()) return false;
  for (; digits < 9; ++digits) fraction *= 10;
  out = when.seconds_since_epoch() * 1'000'000'000 + static_cast<std::int64_t>(fraction);
  return take('Z') && take('"');
}

}  // namespace feedtree::venues
