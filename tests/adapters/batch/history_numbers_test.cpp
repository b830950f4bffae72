// Trades of the past whose numbers begin at zero, begin again, or come twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/batch/history_pages.hpp"
#include "core/trade_memory.hpp"

namespace feedtree::batch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t hour_ns = 3'600 * second_ns;
constexpr std::int64_t begin_ns = 1'764'547'200 * second_ns;

struct sold {
  std::uint64_t number = 0;
  std::int64_t time_ns = 0;
  int price = 10;
};

// Binance's REST interface with one market.
class new_market : public testing::Test {
 protected:
  new_market() {
    session_ = venue_.make_session(symbols_, {}, {});
    event_batch unused;
    venues::frame_report report;
    session_->decode_rest("https://api.binance.com/api/v3/exchangeInfo",
                          frame(R"({"symbols":[{"symbol":"NEWUSDT","status":"TRADING",)"
                                R"("baseAsset":"NEW","quoteAsset":"USDT"}]})"),
                          unused, report);
    job_.where = registry_.find("binance", "NEW-USDT");
    job_.kind = event_kind::trade;
    job_.from_ns = begin_ns;
    job_.to_ns = begin_ns + 3 * hour_ns;
  }

  // Asks until the job is done; false if it goes round.
  bool fetch() {
    history_position at;
    at.time_ns = job_.from_ns;
    history_reader reader{session_.get(), {}};
    const auto& source = *find_history("binance");
    for (requests_ = 1; requests_ <= 20; ++requests_) {
      const auto url = source.request(job_, at, reader).url;
      auto page = source.read(job_, at, url, frame(answer(url)), reader, out_);
      gaps_.insert(gaps_.end(), page.gaps.begin(), page.gaps.end());
      at = page.next;
      if (page.done) return true;
    }
    return false;
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> result;
    for (const auto& what : out_.events) result.emplace_back(what.key.view());
    return result;
  }

  std::vector<sold> trades_;
  history_job job_;
  event_batch out_;
  std::vector<history_gap> gaps_;
  int requests_ = 0;

 private:
  static venues::raw_frame frame(std::string text) {
    text.reserve(text.size() + venues::frame_padding);
    return {std::move(text), begin_ns + 9 * hour_ns};
  }
  static std::uint64_t number_in(const std::string& url, const std::string& name) {
    return std::stoull(url.substr(url.find(name) + name.size()));
  }
  std::string answer(const std::string& url) const {
    std::string rows;
    const bool by_number = url.find("fromId=") != std::string::npos;
    for (const auto& each : trades_) {
      const auto ms = static_cast<std::uint64_t>(each.time_ns / 1'000'000);
      const bool is_asked =
          by_number ? each.number >= number_in(url, "fromId=")
                    : ms >= number_in(url, "startTime=") && ms <= number_in(url, "endTime=");
      if (!is_asked) continue;
      const auto number = std::to_string(each.number);
      rows += (rows.empty() ? R"({"a":)" : R"(,{"a":)") + number + R"(,"p":")" +
              std::to_string(each.price) + R"(","q":"10","f":)" + number + R"(,"l":)" + number +
              R"(,"T":)" + std::to_string(ms) + R"(,"m":false})";
    }
    return "[" + rows + "]";
  }

  const venues::venue& venue_ = *venues::find_venue("binance");
  listing_registry registry_;
  venues::venue_symbols symbols_{registry_};
  std::unique_ptr<venues::session> session_;
};

TEST_F(new_market, gives_the_trade_with_number_zero) {
  for (std::uint64_t number = 0; number <= 5; ++number) {
    trades_.push_back({number, begin_ns + static_cast<std::int64_t>(10 + number) * second_ns});
  }
  ASSERT_TRUE(fetch());
  EXPECT_THAT(keys(), ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_THAT(gaps_, IsEmpty());
}

TEST_F(new_market, with_number_zero_alone_in_the_first_hour_is_not_asked_for_it_for_ever) {
  trades_.push_back({0, begin_ns + 10 * second_ns});
  for (std::uint64_t number = 1; number <= 5; ++number) {
    trades_.push_back(
        {number, begin_ns + hour_ns + static_cast<std::int64_t>(10 + number) * second_ns});
  }
  ASSERT_TRUE(fetch());
  EXPECT_THAT(keys(), ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_LE(requests_, 6);
}

TEST_F(new_market, that_is_listed_again_is_read_to_its_end) {
  trades_ = {{50'000, begin_ns + second_ns},
             {50'001, begin_ns + 2 * second_ns},
             {0, begin_ns + hour_ns + second_ns},
             {1, begin_ns + hour_ns + 2 * second_ns},
             {2, begin_ns + 2 * hour_ns}};
  ASSERT_TRUE(fetch());
  EXPECT_THAT(keys(), ElementsAre("50000", "50001", "0", "1", "2"));
  ASSERT_EQ(gaps_.size(), 1U);
  EXPECT_EQ(gaps_[0].reason, "trade numbers begin again at 0");
}

TEST_F(new_market, gives_both_trades_of_one_number) {
  trades_ = {{7, begin_ns + second_ns, 10},
             {8, begin_ns + 2 * second_ns, 10},
             {8, begin_ns + 48 * second_ns, 11},
             {9, begin_ns + 49 * second_ns, 10}};
  ASSERT_TRUE(fetch());
  ASSERT_EQ(out_.events.size(), 4U);
  EXPECT_THAT(keys(), ElementsAre("7", "8", key_of_reused_number(8, out_.events[2]).view(), "9"));
  EXPECT_THAT(gaps_, IsEmpty());
}

}  // namespace
}  // namespace feedtree::batch
