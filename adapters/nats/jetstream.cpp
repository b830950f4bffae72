#include "adapters/nats/jetstream.hpp"

#include <algorithm>
#include <charconv>

#include "core/event.hpp"

namespace feedtree::nats {
namespace {

constexpr std::int64_t ns_of_ms = 1'000'000;
constexpr int fetch_messages = 1'000;
constexpr std::int64_t consumer_idle_ns = 60'000 * ns_of_ms;

struct stream_info_deleter {
  void operator()(jsStreamInfo* info) const { jsStreamInfo_Destroy(info); }
};
using stream_info_ptr = std::unique_ptr<jsStreamInfo, stream_info_deleter>;

struct consumer_info_deleter {
  void operator()(jsConsumerInfo* info) const { jsConsumerInfo_Destroy(info); }
};
using consumer_info_ptr = std::unique_ptr<jsConsumerInfo, consumer_info_deleter>;

struct entry_deleter {
  void operator()(kvEntry* entry) const { kvEntry_Destroy(entry); }
};
using entry_ptr = std::unique_ptr<kvEntry, entry_deleter>;

struct message_list {
  natsMsgList list{};
  message_list() = default;
  ~message_list() { natsMsgList_Destroy(&list); }
  message_list(const message_list&) = delete;
  message_list& operator=(const message_list&) = delete;
};

std::string_view header_of(natsMsg* message, const char* name) {
  const char* value = nullptr;
  return natsMsgHeader_Get(message, name, &value) == NATS_OK ? value : std::string_view{};
}

std::uint64_t sequence_of(natsMsg* message) {
  jsMsgMetaData* data = nullptr;
  if (natsMsg_GetMetaData(&data, message) != NATS_OK) return 0;
  const auto sequence = data->Sequence.Stream;
  jsMsgMetaData_Destroy(data);
  return sequence;
}

}  // namespace

std::vector<std::string> stream_subjects(const std::string& prefix) {
  std::vector<std::string> result;
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    result.push_back(prefix + "md.v1." + std::string(to_string(static_cast<event_kind>(kind))) +
                     ".>");
  }
  result.push_back(prefix + "md.v1.quarantine.>");
  result.push_back(prefix + "md.v1.alert.>");
  return result;
}

std::string to_text(const stream_cursor& cursor) {
  return std::to_string(cursor.position) + " " + std::to_string(cursor.sequence) + " " +
         std::to_string(cursor.created_ns);
}

std::optional<stream_cursor> parse_cursor(std::string_view text) {
  stream_cursor result;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  const auto read = [&](auto& value) {
    if (at != text.data() && (at == end || *at++ != ' ')) return false;
    const auto [next, error] = std::from_chars(at, end, value);
    at = next;
    return error == std::errc{};
  };
  if (!read(result.position) || !read(result.sequence) || !read(result.created_ns)) return {};
  return at == end ? std::optional(result) : std::nullopt;
}

jetstream::jetstream(const connection& on, stream_options options, std::int64_t timeout_ms)
    : on_(on), options_(std::move(options)), timeout_ms_(timeout_ms) {
  jsOptions made;
  jsOptions_Init(&made);
  made.Wait = timeout_ms;
  on_.check(natsConnection_JetStream(&context_, on_.get(), &made), "use JetStream of");
  try {
    open_stream();
    open_cursors();
  } catch (...) {
    kvStore_Destroy(cursors_);
    jsCtx_Destroy(context_);
    throw;
  }
}

jetstream::~jetstream() {
  kvStore_Destroy(cursors_);
  jsCtx_Destroy(context_);
}

void jetstream::check(natsStatus status, jsErrCode code, const char* doing) const {
  if (status == NATS_OK) return;
  const auto what = std::string(doing) + " stream " + options_.stream + " of";
  if (status == NATS_NO_RESPONDERS || code == JSNotEnabledErr ||
      code == JSNotEnabledForAccountErr) {
    throw sink_error(true, "cannot " + what + " NATS at " + on_.address() +
                               ": JetStream is not enabled there, or has no leader");
  }
  if (status != NATS_ERR) on_.check(status, what.c_str());
  // The server's own words; it may be that it has no room at present.
  const char* const text = nats_GetLastError(nullptr);
  throw sink_error(true, "cannot " + what + " NATS at " + on_.address() + ": " +
                             (text == nullptr ? natsStatus_GetText(status) : text));
}

void jetstream::open_stream() {
  jsStreamInfo* info = nullptr;
  jsErrCode code{};
  const auto status = js_GetStreamInfo(&info, context_, options_.stream.c_str(), nullptr, &code);
  const stream_info_ptr owned(info);
  if (status != NATS_NOT_FOUND) return check(status, code, "look up");
  if (options_.create) return create_stream();
  throw sink_error(false, "NATS at " + on_.address() + " has no stream " + options_.stream +
                              ": create it, or set create");
}

void jetstream::create_stream() {
  const auto subjects = stream_subjects(options_.prefix);
  std::vector<const char*> names;
  for (const auto& subject : subjects) names.push_back(subject.c_str());
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  config.Name = options_.stream.c_str();
  config.Description = "Market data of feedtree";
  config.Subjects = names.data();
  config.SubjectsLen = static_cast<int>(names.size());
  config.Storage = js_FileStorage;
  config.MaxAge = options_.max_age_ms * ns_of_ms;
  config.MaxBytes = options_.max_size_bytes == 0 ? -1 : options_.max_size_bytes;
  config.Duplicates = options_.duplicate_window_ms * ns_of_ms;
  config.Replicas = options_.replicas;
  jsStreamInfo* info = nullptr;
  jsErrCode code{};
  const auto status = js_AddStream(&info, context_, &config, nullptr, &code);
  const stream_info_ptr owned(info);
  check(status, code, "create");
}

void jetstream::open_cursors() {
  const auto bucket = options_.stream + "_cursors";
  auto status = js_KeyValue(&cursors_, context_, bucket.c_str());
  if (status == NATS_NOT_FOUND && options_.create) {
    kvConfig config;
    kvConfig_Init(&config);
    config.Bucket = bucket.c_str();
    config.Description = "How far publishers of feedtree are";
    config.Replicas = static_cast<int>(options_.replicas);
    status = js_CreateKeyValue(&cursors_, context_, &config);
  }
  if (status == NATS_NOT_FOUND) {
    throw sink_error(false, "NATS at " + on_.address() + " has no bucket " + bucket +
                                ": create it, or set create");
  }
  check(status, {}, "open the cursors of");
}

stream_state jetstream::state() const {
  jsStreamInfo* info = nullptr;
  jsErrCode code{};
  const auto status = js_GetStreamInfo(&info, context_, options_.stream.c_str(), nullptr, &code);
  const stream_info_ptr owned(info);
  if (status == NATS_NOT_FOUND) {
    throw sink_error(
        true, "NATS at " + on_.address() + " has no stream " + options_.stream + " any more");
  }
  check(status, code, "look up");
  return {info->Created, info->State.FirstSeq, info->State.LastSeq};
}

std::optional<stream_cursor> jetstream::cursor(const std::string& journal) const {
  kvEntry* found = nullptr;
  const auto status = kvStore_Get(&found, cursors_, journal.c_str());
  const entry_ptr owned(found);
  if (status == NATS_NOT_FOUND) return {};
  check(status, {}, "read the cursor of");
  return parse_cursor({static_cast<const char*>(kvEntry_Value(found)),
                       static_cast<std::size_t>(kvEntry_ValueLen(found))});
}

void jetstream::set_cursor(const std::string& journal, const stream_cursor& cursor) const {
  std::uint64_t revision = 0;
  check(kvStore_PutString(&revision, cursors_, journal.c_str(), to_text(cursor).c_str()), {},
        "write the cursor of");
}

// A consumer of headers for one reading; the server forgets it by itself if we cannot say so.
struct jetstream::reader {
  const jetstream& of;
  natsSubscription* pull = nullptr;
  std::string consumer;
  std::uint64_t pending = 0;

  explicit reader(const jetstream& stream) : of(stream) {}
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;
  ~reader() {
    natsSubscription_Destroy(pull);
    if (consumer.empty()) return;
    js_DeleteConsumer(of.context_, of.options_.stream.c_str(), consumer.c_str(), nullptr, nullptr);
  }
  void make_consumer(std::uint64_t from);
  void bind();
  void fetch(message_list& page);
};

void jetstream::reader::make_consumer(std::uint64_t from) {
  jsConsumerConfig config;
  jsConsumerConfig_Init(&config);
  config.AckPolicy = js_AckNone;
  config.DeliverPolicy = js_DeliverByStartSequence;
  config.OptStartSeq = from;
  config.HeadersOnly = true;
  config.InactiveThreshold = consumer_idle_ns;
  jsConsumerInfo* info = nullptr;
  jsErrCode code{};
  const auto status =
      js_AddConsumer(&info, of.context_, of.options_.stream.c_str(), &config, nullptr, &code);
  const consumer_info_ptr owned(info);
  of.check(status, code, "read back");
  consumer = info->Name;
  pending = info->NumPending;
}

void jetstream::reader::bind() {
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Stream = of.options_.stream.c_str();
  options.Consumer = consumer.c_str();
  options.Config.HeadersOnly = true;
  jsErrCode code{};
  of.check(js_PullSubscribe(&pull, of.context_, nullptr, nullptr, nullptr, &options, &code), code,
           "read back");
}

void jetstream::reader::fetch(message_list& page) {
  const auto count = static_cast<int>(std::min<std::uint64_t>(pending, fetch_messages));
  jsErrCode code{};
  of.check(natsSubscription_Fetch(&page.list, pull, count, of.timeout_ms_, &code), code,
           "read back");
  pending -= static_cast<std::uint64_t>(page.list.Count);
}

void jetstream::read_headers(std::uint64_t from, std::uint64_t through,
                             const found_message& found) const {
  if (from > through) return;
  reader in(*this);
  in.make_consumer(from);
  in.bind();
  for (std::uint64_t at = 0; at < through && in.pending > 0;) {
    message_list page;
    in.fetch(page);
    for (int next = 0; next < page.list.Count; ++next) {
      auto* const message = page.list.Msgs[next];
      at = sequence_of(message);
      if (at > through) break;
      const auto id = header_of(message, "Nats-Msg-Id");
      const auto source = header_of(message, "Feedtree-Source");
      if (!id.empty() && !source.empty()) found(id, source);
    }
  }
}

}  // namespace feedtree::nats
