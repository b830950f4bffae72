// What the three simulated Binance markets have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/venues/binance_frames.hpp"

namespace feedtree::simulator::binance {

// Where a market is served.
struct market_address {
  dialect how = dialect::spot;
  std::string_view name;
  std::string_view websocket_url;
  std::string_view rest_url;
  std::string_view rest_prefix;  // "/api/v3"
  std::uint16_t default_port = 0;
};

class market_simulator : public venue_simulator {
 public:
  explicit market_simulator(const market_address& at) : at_(at) {}

  std::string_view name() const override { return at_.name; }
  std::string websocket_url() const override { return std::string(at_.websocket_url); }
  std::string rest_url() const override { return std::string(at_.rest_url); }
  std::uint16_t default_port() const override { return at_.default_port; }
  bool accepts(std::string_view target) const override;
  bool streams_in_target(std::string_view target) const override;
  std::unique_ptr<protocol> make_protocol(const market_set& markets) const override;
  rest_answer rest(std::string_view method, std::string_view target, const market_set& markets,
                   std::int64_t now_ns) const override;
  std::vector<client_script> scripts(const market_set& markets) const override;
  std::string close_announcement(std::int64_t now_ns) const override;

 protected:
  // Throws std::invalid_argument with this reason.
  [[noreturn]] void lacks(const instrument& details, std::string_view reason) const;

 private:
  rest_answer answer_of_symbol(std::string_view path, std::string_view target,
                               const market_set& markets, std::int64_t now_ns) const;
  rest_answer depth(std::string_view target, const market& of, std::int64_t now_ns) const;
  rest_answer trades(std::string_view target, const market& of, std::int64_t now_ns) const;
  rest_answer trades_of(std::string_view target, const market& of, std::int64_t start_ms,
                        std::int64_t limit) const;
  bool is_too_old(std::int64_t trade_ns, std::int64_t now_ns) const;
  bool is_limit(std::int64_t limit) const;

  market_address at_;
};

// "_260925" of a contract that is delivered on 2026-09-25.
std::string date_suffix(const instrument& details);

}  // namespace feedtree::simulator::binance
