// Binance COIN-M futures, as the venue plays them.
// https://developers.binance.com/en/docs/products/derivatives-trading-coin-futures/Introduction
#include <algorithm>

#include "adapters/simulator/venues/binance_common.hpp"

namespace feedtree::simulator::binance {
namespace {

constexpr market_address address{dialect::coinm,
                                 "binance-coinm",
                                 "wss://dstream.binance.com",
                                 "https://dapi.binance.com",
                                 "/dapi/v1",
                                 9114};

class coinm_simulator final : public market_simulator {
 public:
  coinm_simulator() : market_simulator(address) {}

  // Quantities are numbers of contracts of so many dollars.
  market_spec spec_of(const instrument& details) const override {
    const bool perpetual = details.type == market_type::perpetual;
    const bool contract = perpetual || details.type == market_type::future;
    if (!contract || details.settle != details.base || details.quote != "USD") {
      lacks(details, "has contracts in USD settled in their base asset only");
    }
    auto spec = default_spec(details);
    spec.typical_lots = std::max<std::int64_t>(spec.typical_lots / contract_dollars(details), 20);
    spec.venue_symbol = details.base + details.quote + (perpetual ? "_PERP" : date_suffix(details));
    return spec;
  }
};

const simulator_registration<coinm_simulator> registered;

}  // namespace
}  // namespace feedtree::simulator::binance
