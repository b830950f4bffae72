// What was recorded: captures, and archives as one run of each of their venues.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/venues/venue_pipeline.hpp"
#include "storage/archive_lines.hpp"

namespace feedtree::actors {

struct recording_options {
  std::vector<std::string> paths;  // captures; files and folders of archives
  std::string archive_key;         // of sealed ones; empty: none
  std::string venue;               // of captures that do not say theirs
  std::int64_t from_ns = 0;        // what nothing from then on needs may be left out; 0: everything
};

// A frame, a REST answer, or the begin or end of a connection.
struct recorded {
  storage::archive_type type = storage::archive_type::frame;
  std::string connection;
  std::string url;
  venues::raw_frame frame;
  std::uint64_t count = 0;  // of frames that were lost
};

// Records of one venue in the order in which they came.
class recording {
 public:
  recording(std::string name, const venues::venue& of) : name_(std::move(name)), venue_(of) {}
  virtual ~recording() = default;
  recording(const recording&) = delete;
  recording& operator=(const recording&) = delete;

  const std::string& name() const { return name_; }  // for people
  const venues::venue& venue() const { return venue_; }
  // The next record, which holds until the next call; null at the end. Throws archive_error.
  virtual const recorded* next() = 0;
  // Begins again.
  virtual void rewind() = 0;
  // Answers to what the server asked for are in it.
  virtual bool has_answers() const { return false; }
  virtual std::uint64_t size() const { return 0; }  // in records; 0: not known
  // What was cut, altered or lost in what was read so far, one line each.
  virtual std::vector<std::string> damages() const { return {}; }

 private:
  std::string name_;
  const venues::venue& venue_;
};

// Each capture is a recording of its own; files and folders of archives are put together, one
// recording for each venue. Throws std::runtime_error (also capture_error, archive_error) with one
// clear line.
std::vector<std::unique_ptr<recording>> open_recordings(const recording_options& options);

// How a pipeline reads it.
venues::pipeline_options pipeline_of(const recording& from);

// Gives a record to the pipeline and appends what comes of it.
void play(const recorded& what, venues::venue_pipeline& into, event_batch& out);

}  // namespace feedtree::actors
