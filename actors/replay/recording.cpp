#include "actors/replay/recording.hpp"

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include "adapters/batch/poll_source.hpp"
#include "storage/archive_merge.hpp"
#include "storage/capture_reader.hpp"

namespace feedtree::actors {
namespace {

const venues::venue& venue_or_throw(const std::string& name, const std::string& path) {
  if (name.empty()) {
    throw std::runtime_error(path + ": does not say which venue it is of: give --venue NAME");
  }
  if (const auto* const found = venues::find_venue(name)) return *found;
  std::string known;
  for (const auto& entry : venues::venue_names()) known += (known.empty() ? "" : ", ") + entry;
  throw std::runtime_error(path + ": unknown venue '" + name + "'; known are " + known);
}

storage::archive_type type_of(record_type type) {
  switch (type) {
    case record_type::frame:
      return storage::archive_type::frame;
    case record_type::rest:
      return storage::archive_type::rest;
    case record_type::connect:
      return storage::archive_type::connect;
  }
  return storage::archive_type::other;
}

class capture_recording : public recording {
 public:
  capture_recording(const std::string& path, const venues::venue& of, capture&& content)
      : recording(path, of) {
    records_.reserve(content.records.size());
    for (auto& record : content.records) {
      records_.push_back({type_of(record.type),
                          std::move(record.connection),
                          std::move(record.url),
                          {std::move(record.text), record.receive_ns}});
    }
  }
  const recorded* next() override { return at_ == records_.size() ? nullptr : &records_[at_++]; }
  void rewind() override { at_ = 0; }
  std::uint64_t size() const override { return records_.size(); }

 private:
  std::vector<recorded> records_;
  std::size_t at_ = 0;
};

// Read block by block, each time again.
class archive_recording : public recording {
 public:
  archive_recording(std::string name, const venues::venue& of,
                    std::unique_ptr<storage::archive_merge> merge)
      : recording(std::move(name), of), merge_(std::move(merge)) {}

  const recorded* next() override {
    if (!merge_->next(read_)) return nullptr;
    record_.type = read_.type;
    record_.connection.swap(read_.connection);
    record_.url.swap(read_.url);
    record_.frame = {std::move(read_.text), read_.receive_ns};
    record_.count = read_.count;
    return &record_;
  }
  void rewind() override { merge_->rewind(); }
  bool has_answers() const override { return true; }
  std::vector<std::string> damages() const override { return merge_->damages(); }

 private:
  std::unique_ptr<storage::archive_merge> merge_;
  storage::archive_record read_;
  recorded record_;
};

bool is_of_archive(const std::string& path) {
  return std::filesystem::is_directory(path) || storage::is_archive_file(path);
}

std::optional<storage::archive_key> key_of(const recording_options& options) {
  if (options.archive_key.empty()) return {};
  return storage::parse_archive_key(options.archive_key);
}

void open_archives(const recording_options& options, const std::vector<std::string>& paths,
                   std::vector<std::unique_ptr<recording>>& out) {
  const auto name = paths.size() == 1 ? paths.front() : std::string("the archive");
  for (auto& merge : storage::open_archives(paths, key_of(options))) {
    // What pollers fetched: kept, and no stream that could be replayed.
    if (batch::find_poll_source(merge->venue()) != nullptr) continue;
    if (options.from_ns != 0) merge->begin_for(options.from_ns);
    const auto& venue = venue_or_throw(merge->venue(), name);
    out.push_back(std::make_unique<archive_recording>(name, venue, std::move(merge)));
  }
}

}  // namespace

std::vector<std::unique_ptr<recording>> open_recordings(const recording_options& options) {
  std::vector<std::unique_ptr<recording>> result;
  std::vector<std::string> of_archives;
  for (const auto& path : options.paths) {
    if (is_of_archive(path)) {
      of_archives.push_back(path);
      continue;
    }
    auto content = read_capture(path);
    const auto& name = options.venue.empty() ? content.venue : options.venue;
    if (name.empty() && !content.recorded_from.empty()) {
      throw std::runtime_error(path + ": recorded from '" + content.recorded_from +
                               "', which is no venue of ours: give --venue NAME");
    }
    const auto& venue = venue_or_throw(name, path);
    result.push_back(std::make_unique<capture_recording>(path, venue, std::move(content)));
  }
  if (!of_archives.empty()) open_archives(options, of_archives, result);
  return result;
}

venues::pipeline_options pipeline_of(const recording& from) {
  venues::pipeline_options options;
  options.answers_follow = from.has_answers();
  return options;
}

void play(const recorded& what, venues::venue_pipeline& into, event_batch& out) {
  using storage::archive_type;
  switch (what.type) {
    case archive_type::frame:
      into.frame(what.connection, what.frame, out);
      break;
    case archive_type::rest:
      into.rest(what.connection, what.url, what.frame, out);
      break;
    case archive_type::connect:
      into.connect(what.connection, what.url);
      break;
    case archive_type::close:
      into.disconnect(what.connection, what.frame.receive_ns, what.frame.text, out);
      break;
    case archive_type::proof:
    case archive_type::lost:
    case archive_type::header:
    case archive_type::other:
      break;
  }
}

}  // namespace feedtree::actors
