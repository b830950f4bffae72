#include "adapters/venues/tickers.hpp"

#include <algorithm>
#include <array>

#include "adapters/venues/json.hpp"

namespace feedtree::venues {

void check_rest_of(const ticker& what, const frame_losses& losses) {
  if (losses.fields == 0) return;
  const std::array all{what.last_price,   what.bid_price,    what.bid_quantity, what.ask_price,
                       what.ask_quantity, what.open_price,   what.high_price,   what.low_price,
                       what.volume,       what.quote_volume, what.mark_price,   what.index_price};
  const bool is_empty =
      std::none_of(all.begin(), all.end(), [](const auto& value) { return value.has_value(); });
  if (is_empty) throw decode_error(losses.field);
}

}  // namespace feedtree::venues
