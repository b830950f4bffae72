// Nanoseconds a frame: parsing alone by RapidJSON and simdjson, decoding, decoding with book and
// every check. One iteration reads all frames of a capture; "frame" is the time of one of them.
#include <benchmark/benchmark.h>
#include <rapidjson/document.h>
#include <rapidjson/reader.h>
#include <simdjson.h>

#include <map>

#include "adapters/venues/venue_pipeline.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::bench {
namespace {

using tests::capture_record;

struct source {
  std::string venue;
  std::vector<capture_record> setup;  // REST answers and connections
  std::vector<capture_record> frames;
  std::vector<venues::raw_frame> raw;     // of frames
  std::vector<venues::raw_frame> spaced;  // the same with a space in front: no plain frames
  std::size_t bytes = 0;
};

const std::map<std::string, std::pair<std::string, std::string>> captures{
    {"kraken", {"kraken", "kraken/ws2_book_btcusd_d10_20260912.jsonl"}},
    {"kraken-futures", {"kraken-futures", "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst"}},
    {"coinbase", {"coinbase", "coinbase/advanced_cryptofeed_20260809.jsonl.zst"}},
    {"binance", {"binance", "binance/spot_cryptofeed_20211012.jsonl.zst"}},
    {"binance-usdm", {"binance-usdm", "binance/usdm_cryptofeed_20210722.jsonl.zst"}},
    {"binance-coinm", {"binance-coinm", "binance/coinm_cryptofeed_20210722.jsonl.zst"}},
    {"bybit", {"bybit", "bybit/v5_cryptofeed_20260809.jsonl.zst"}},
    {"okx", {"okx", "okx/v5_cryptofeed_20220513.jsonl.zst"}},
};

venues::raw_frame raw_frame_of(const std::string& text, std::int64_t receive_ns) {
  venues::raw_frame raw;
  raw.text.reserve(text.size() + venues::frame_padding);
  raw.text.assign(text);
  raw.receive_ns = receive_ns;
  return raw;
}

const source* load(const std::string& name) {
  static std::map<std::string, source> loaded;
  const auto& [venue, file] = captures.at(name);
  const auto path = tests::find_capture(file);
  if (!path) return nullptr;
  auto [entry, is_new] = loaded.try_emplace(name);
  auto& result = entry->second;
  if (!is_new) return &result;
  result.venue = venue;
  for (auto& record : tests::capture_records(*path)) {
    if (record.type != capture_record::what::frame) {
      result.setup.push_back(std::move(record));
      continue;
    }
    result.bytes += record.text.size();
    result.raw.push_back(raw_frame_of(record.text, record.receive_ns));
    result.spaced.push_back(raw_frame_of(" " + record.text, record.receive_ns));
    result.frames.push_back(std::move(record));
  }
  return &result;
}

// A frame that is read has just come out of a socket, so it is in the cache, and so it is where it
// is only parsed, again and again. Preparing a world pushes it out: this brings it back.
void touch(const source& from) {
  std::size_t sum = 0;
  for (const auto* frames : {&from.raw, &from.spaced}) {
    for (const auto& frame : *frames) {
      for (std::size_t at = 0; at < frame.text.size(); at += 64) {
        sum += static_cast<unsigned char>(frame.text[at]);
      }
    }
  }
  for (const auto& record : from.frames) sum += record.connection.size();
  benchmark::DoNotOptimize(sum);
}

// Runs `pass` over the frames again and again; `prepare` comes before each and is not timed.
template <class Prepare, class Pass>
void measure(benchmark::State& state, const std::string& name, Prepare&& prepare, Pass&& pass) {
  const auto* const from = load(name);
  if (from == nullptr) {
    state.SkipWithError("skipped: no captures");
    return;
  }
  for (auto _ : state) {
    state.PauseTiming();
    prepare(*from);
    touch(*from);
    state.ResumeTiming();
    pass(*from);
  }
  const auto frames =
      static_cast<double>(state.iterations()) * static_cast<double>(from->raw.size());
  state.counters["frame"] =
      benchmark::Counter(frames, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes/frame"] =
      static_cast<double>(from->bytes) / static_cast<double>(from->raw.size());
}

// Reads every field of a value, texts unescaped and numbers parsed, and forgets it.
void read_all(simdjson::ondemand::value value, std::size_t& sum);

void read_object(simdjson::ondemand::object object, std::size_t& sum) {
  for (auto field : object) {
    sum += std::string_view(field.unescaped_key()).size();
    read_all(field.value(), sum);
  }
}

void read_all(simdjson::ondemand::value value, std::size_t& sum) {
  using simdjson::ondemand::json_type;
  switch (value.type()) {
    case json_type::array:
      for (auto element : value.get_array()) read_all(element.value(), sum);
      break;
    case json_type::object:
      read_object(value.get_object(), sum);
      break;
    case json_type::string:
      sum += std::string_view(value.get_string()).size();
      break;
    case json_type::number:
      sum += static_cast<std::size_t>(value.get_number().value().get_number_type());
      break;
    default:
      sum += value.raw_json_token().size();
      break;
  }
}

void simdjson_all_fields(benchmark::State& state, const std::string& name) {
  simdjson::ondemand::parser parser;
  measure(
      state, name, [](const source&) {},
      [&parser](const source& from) {
        std::size_t sum = 0;
        for (const auto& frame : from.raw) {
          auto document =
              parser.iterate(frame.text.data(), frame.text.size(), frame.text.capacity());
          read_object(document.get_object(), sum);
        }
        benchmark::DoNotOptimize(sum);
      });
}

void rapidjson_sax(benchmark::State& state, const std::string& name) {
  measure(
      state, name, [](const source&) {},
      [](const source& from) {
        rapidjson::Reader reader;
        rapidjson::BaseReaderHandler<> handler;
        for (const auto& frame : from.raw) {
          rapidjson::StringStream stream(frame.text.c_str());
          benchmark::DoNotOptimize(
              reader.Parse<rapidjson::kParseNumbersAsStringsFlag>(stream, handler).Code());
        }
      });
}

void rapidjson_dom(benchmark::State& state, const std::string& name) {
  measure(
      state, name, [](const source&) {},
      [](const source& from) {
        for (const auto& frame : from.raw) {
          rapidjson::Document document;
          document.Parse<rapidjson::kParseNumbersAsStringsFlag>(frame.text.data(),
                                                                frame.text.size());
          benchmark::DoNotOptimize(document.HasParseError());
        }
      });
}

// Sessions with their symbols, one a recorded connection.
class sessions {
 public:
  explicit sessions(const source& from) : symbols_(registry_) {
    const auto& venue = *venues::find_venue(from.venue);
    event_batch unused;
    venues::frame_report report;
    const auto reader = venue.make_session(symbols_, "", {});
    for (const auto& record : from.setup) {
      if (record.type == capture_record::what::connect) {
        by_name_[record.connection] = venue.make_session(symbols_, record.url, {});
      } else if (record.url.find("depth") == std::string::npos) {
        reader->decode_rest(record.url, raw_frame_of(record.text, 0), unused, report);
      }
    }
    for (const auto& record : from.frames) {
      auto& entry = by_name_[record.connection];
      if (entry == nullptr) entry = venue.make_session(symbols_, "", {});
      of_frame_.push_back(entry.get());
    }
  }
  venues::session& of(std::size_t frame) { return *of_frame_[frame]; }

 private:
  listing_registry registry_;
  venues::venue_symbols symbols_;
  std::map<std::string, std::unique_ptr<venues::session>> by_name_;
  std::vector<venues::session*> of_frame_;
};

void decode_frames(benchmark::State& state, const std::string& name,
                   std::vector<venues::raw_frame> source::*frames) {
  std::unique_ptr<sessions> with;
  event_batch batch;
  measure(
      state, name,
      [&](const source& from) {
        with = std::make_unique<sessions>(from);
        batch.clear();
      },
      [&](const source& from) {
        venues::frame_report report;
        for (std::size_t at = 0; at < from.raw.size(); ++at) {
          with->of(at).decode((from.*frames)[at], batch, report);
          if (batch.events.size() > 256) batch.clear();
        }
      });
}

void decode(benchmark::State& state, const std::string& name) {
  decode_frames(state, name, &source::raw);
}

// What plain readers gain: the same through the tokenizer.
void decode_spaced(benchmark::State& state, const std::string& name) {
  decode_frames(state, name, &source::spaced);
}

// A pipeline that has read the symbols; snapshots over REST are read in their place.
void decode_and_book(benchmark::State& state, const std::string& name) {
  struct world {
    listing_registry registry;
    std::unique_ptr<venues::venue_pipeline> pipeline;
  };
  std::unique_ptr<world> now;
  event_batch batch;
  const auto feed_setup = [&](const capture_record& record) {
    if (record.type == capture_record::what::connect) {
      now->pipeline->connect(record.connection, record.url);
      return;
    }
    now->pipeline->rest(record.url, raw_frame_of(record.text, record.receive_ns), batch);
  };
  measure(
      state, name,
      [&](const source& from) {
        now = std::make_unique<world>();
        now->pipeline = std::make_unique<venues::venue_pipeline>(*venues::find_venue(from.venue),
                                                                 now->registry);
        batch.clear();
        // Books are in place before the time is taken: what is measured is the steady state.
        for (const auto& record : from.setup) feed_setup(record);
        batch.clear();
      },
      [&](const source& from) {
        for (std::size_t at = 0; at < from.raw.size(); ++at) {
          now->pipeline->frame(from.frames[at].connection, from.raw[at], batch);
          if (batch.events.size() > 256) batch.clear();
        }
      });
}

void register_all() {
  for (const auto& [name, capture] : captures) {
    const auto add = [&name](const char* what, auto* function) {
      benchmark::RegisterBenchmark((name + "/" + what).c_str(), function, name)
          ->Unit(benchmark::kMicrosecond);
    };
    add("rapidjson_dom", rapidjson_dom);
    add("rapidjson_sax", rapidjson_sax);
    add("simdjson_all_fields", simdjson_all_fields);
    add("decode", decode);
    add("decode_spaced", decode_spaced);
    add("decode_and_book", decode_and_book);
  }
}

}  // namespace
}  // namespace feedtree::bench

int main(int argc, char** argv) {
  feedtree::bench::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
