// Binance USD-M futures, as the venue plays them.
// https://developers.binance.com/en/docs/products/derivatives-trading-usds-futures/Introduction
#include "adapters/simulator/venues/binance_common.hpp"

namespace feedtree::simulator::binance {
namespace {

constexpr market_address address{dialect::usdm,
                                 "binance-usdm",
                                 "wss://fstream.binance.com",
                                 "https://fapi.binance.com",
                                 "/fapi/v1",
                                 9113};

class usdm_simulator final : public market_simulator {
 public:
  usdm_simulator() : market_simulator(address) {}

  market_spec spec_of(const instrument& details) const override {
    const bool contract =
        details.type == market_type::perpetual || details.type == market_type::future;
    if (!contract || details.settle != details.quote) {
      lacks(details, "has contracts settled in their quote asset only");
    }
    auto spec = default_spec(details);
    spec.venue_symbol = details.base + details.quote + date_suffix(details);
    return spec;
  }
};

const simulator_registration<usdm_simulator> registered;

}  // namespace
}  // namespace feedtree::simulator::binance
