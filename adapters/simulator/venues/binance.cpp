// Binance spot, as the venue plays it.
// https://github.com/binance/binance-spot-api-docs
#include "adapters/simulator/venues/binance_common.hpp"

namespace feedtree::simulator::binance {
namespace {

constexpr market_address address{
    dialect::spot, "binance", "wss://stream.binance.com:9443", "https://api.binance.com",
    "/api/v3",     9112};

class spot_simulator final : public market_simulator {
 public:
  spot_simulator() : market_simulator(address) {}

  // All prices and quantities have eight digits behind the point, whatever the tick size.
  market_spec spec_of(const instrument& details) const override {
    if (details.type != market_type::spot) lacks(details, "has spot markets only");
    constexpr int digits = 8;
    auto spec = default_spec(details);
    std::int64_t step = 1;
    for (int at = spec.price_decimals; at < digits; ++at) step *= 10;
    set_price_digits(spec, digits, step);
    spec.venue_symbol = details.base + details.quote;
    return spec;
  }
};

const simulator_registration<spot_simulator> registered;

}  // namespace
}  // namespace feedtree::simulator::binance
