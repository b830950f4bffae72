#include "adapters/nats/connection.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>

#include "adapters/nats/recent_trouble.hpp"

namespace feedtree::nats {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::string_view insecure_default = "nats://127.0.0.1:4222";

void require_security(const connection_options& options) {
  std::string missing;
  if (!options.servers.tls) missing = "TLS (tls://)";
  if (!options.servers.has_credentials() && options.creds_file.empty()) {
    missing += missing.empty() ? "" : " and ";
    missing += "credentials (user:password@ or creds_file)";
  }
  if (missing.empty()) return;
  throw sink_error(false, "the NATS server " + options.servers.address() +
                              " is configured without " + missing +
                              ": add it, or allow insecure defaults");
}

struct options_deleter {
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using options_ptr = std::unique_ptr<natsOptions, options_deleter>;

// True for what passes by itself: the server is away, slow or full.
bool passes(natsStatus status) {
  switch (status) {
    case NATS_TIMEOUT:
    case NATS_IO_ERROR:
    case NATS_NO_SERVER:
    case NATS_STALE_CONNECTION:
    case NATS_CONNECTION_DISCONNECTED:
    case NATS_NOT_YET_CONNECTED:
    case NATS_INSUFFICIENT_BUFFER:
    case NATS_NO_MEMORY:
    case NATS_SYS_ERROR:
      return true;
    default:
      return false;
  }
}

std::string reason_of(natsStatus status) {
  switch (status) {
    case NATS_NO_SERVER:
      return "no server answers there";
    case NATS_TIMEOUT:
      return "it did not answer in time";
    case NATS_INSUFFICIENT_BUFFER:
      return "the connection is lost and the buffer for it is full";
    case NATS_CONNECTION_AUTH_FAILED:
      return "it refused our credentials";
    case NATS_CONNECTION_CLOSED:
      return "the connection is closed";
    case NATS_CONNECTION_DISCONNECTED:
      return "the connection is lost, and is being made again";
    case NATS_SSL_ERROR:
      return "TLS failed: check ca_file and the name in its certificate";
    default:
      return natsStatus_GetText(status);
  }
}

// Sets options in order, and stops at the first that nats.c refuses.
class option_setter {
 public:
  explicit option_setter(const std::string& address) : address_(address) {}
  void operator()(natsStatus status, const char* what) const {
    if (status == NATS_OK) return;
    throw sink_error(false, "cannot use " + std::string(what) + " for NATS at " + address_ + ": " +
                                natsStatus_GetText(status));
  }

 private:
  const std::string& address_;
};

void set_servers(natsOptions* out, const server_list& servers, const option_setter& set) {
  std::vector<const char*> urls;
  for (const auto& url : servers.urls) urls.push_back(url.c_str());
  set(natsOptions_SetServers(out, urls.data(), static_cast<int>(urls.size())), "the servers");
  if (!servers.user.empty()) {
    set(natsOptions_SetUserInfo(out, servers.user.c_str(), servers.password.c_str()), "the user");
  }
  if (!servers.token.empty()) set(natsOptions_SetToken(out, servers.token.c_str()), "the token");
}

void set_security(natsOptions* out, const connection_options& from, const option_setter& set) {
  if (from.servers.tls) set(natsOptions_SetSecure(out, true), "TLS");
  if (!from.ca_file.empty()) {
    set(natsOptions_LoadCATrustedCertificates(out, from.ca_file.c_str()), from.ca_file.c_str());
  }
  if (!from.cert_file.empty()) {
    set(natsOptions_LoadCertificatesChain(out, from.cert_file.c_str(), from.key_file.c_str()),
        from.cert_file.c_str());
  }
  if (!from.creds_file.empty()) {
    set(natsOptions_SetUserCredentialsFromFiles(out, from.creds_file.c_str(), nullptr),
        from.creds_file.c_str());
  }
}

void set_bounds(natsOptions* out, const connection_options& from, const option_setter& set) {
  set(natsOptions_SetTimeout(out, from.connect_timeout_ms), "connect_timeout_ms");
  set(natsOptions_SetWriteDeadline(out, from.write_timeout_ms), "write_timeout_ms");
  set(natsOptions_SetReconnectWait(out, from.reconnect_wait_ms), "reconnect_wait_ms");
  set(natsOptions_SetReconnectJitter(out, from.reconnect_wait_ms, from.reconnect_wait_ms),
      "reconnect_wait_ms");
  set(natsOptions_SetMaxReconnect(out, -1), "reconnecting for ever");
  set(natsOptions_SetReconnectBufSize(out, static_cast<int>(from.reconnect_buffer_bytes)),
      "reconnect_buffer_bytes");
}

}  // namespace

// What the threads of nats.c tell; lives until the last of their calls.
struct connection::watch {
  std::atomic<std::uint64_t> disconnects{0};
  std::atomic<std::uint64_t> reconnects{0};
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false;
  std::uint64_t refusals = 0;
  recent_trouble refusal;  // the server's words

  static void on_error(natsConnection* connection, natsSubscription*, natsStatus status,
                       void* closure) {
    if (status != NATS_NOT_PERMITTED) return;
    const char* text = nullptr;
    static_cast<void>(natsConnection_GetLastError(connection, &text));
    auto* self = static_cast<watch*>(closure);
    const std::lock_guard lock(self->mutex);
    ++self->refusals;
    self->refusal.note(text != nullptr ? text : natsStatus_GetText(status));
  }
  static void on_disconnected(natsConnection*, void* closure) {
    ++static_cast<watch*>(closure)->disconnects;
  }
  static void on_reconnected(natsConnection*, void* closure) {
    ++static_cast<watch*>(closure)->reconnects;
  }
  static void on_closed(natsConnection*, void* closure) {
    auto* self = static_cast<watch*>(closure);
    const std::lock_guard lock(self->mutex);
    self->closed = true;
    self->changed.notify_all();
  }
};

const std::vector<std::string_view>& connection_option_names() {
  static const std::vector<std::string_view> names{"ca_file",
                                                   "cert_file",
                                                   "key_file",
                                                   "creds_file",
                                                   "name",
                                                   "connect_timeout_ms",
                                                   "write_timeout_ms",
                                                   "flush_timeout_ms",
                                                   "reconnect_wait_ms",
                                                   "reconnect_buffer_bytes",
                                                   "reply_prefix"};
  return names;
}

connection_options read_connection_options(std::string_view target, const sink_context& context) {
  connection_options result;
  result.servers = parse_servers(target.empty() && context.insecure ? insecure_default : target);
  result.ca_file = sink_option(context, "ca_file");
  result.cert_file = sink_option(context, "cert_file");
  result.key_file = sink_option(context, "key_file");
  result.creds_file = sink_option(context, "creds_file");
  if (auto name = sink_option(context, "name"); !name.empty()) result.name = std::move(name);
  if (auto prefix = sink_option(context, "reply_prefix"); !prefix.empty()) {
    result.reply_prefix = std::move(prefix);
  }
  const auto read = [&](std::string_view name, std::int64_t& value, std::int64_t least,
                        std::int64_t most) {
    value = sink_option(context, name, value, least, most);
  };
  read("connect_timeout_ms", result.connect_timeout_ms, 1, hour_ms);
  read("write_timeout_ms", result.write_timeout_ms, 1, hour_ms);
  read("flush_timeout_ms", result.flush_timeout_ms, 1, hour_ms);
  read("reconnect_wait_ms", result.reconnect_wait_ms, 1, hour_ms);
  read("reconnect_buffer_bytes", result.reconnect_buffer_bytes, 1, std::numeric_limits<int>::max());
  if (!context.insecure) require_security(result);
  return result;
}

connection::connection(const connection_options& options)
    : address_(options.servers.address()),
      flush_timeout_ms_(options.flush_timeout_ms),
      reply_prefix_(options.reply_prefix),
      watch_(std::make_unique<watch>()) {
  const option_setter set(address_);
  natsOptions* made = nullptr;
  set(natsOptions_Create(&made), "its options");
  const options_ptr owned(made);
  set(natsOptions_SetName(made, options.name.c_str()), "the name");
  set_servers(made, options.servers, set);
  set_security(made, options, set);
  set_bounds(made, options, set);
  set(natsOptions_SetDisconnectedCB(made, watch::on_disconnected, watch_.get()), "a callback");
  set(natsOptions_SetReconnectedCB(made, watch::on_reconnected, watch_.get()), "a callback");
  set(natsOptions_SetErrorHandler(made, watch::on_error, watch_.get()), "a callback");
  set(natsOptions_SetClosedCB(made, watch::on_closed, watch_.get()), "a callback");
  check(natsConnection_Connect(&connection_, made), "connect to");
}

connection::~connection() {
  natsConnection_Close(connection_);
  std::unique_lock lock(watch_->mutex);
  const bool closed =
      watch_->changed.wait_for(lock, std::chrono::seconds(5), [this] { return watch_->closed; });
  lock.unlock();
  natsConnection_Destroy(connection_);
  // A callback that is still to come would find its object gone: rather leave it.
  if (!closed) static_cast<void>(watch_.release());
}

std::size_t connection::payload_max_bytes() const {
  const auto bytes = natsConnection_GetMaxPayload(connection_);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : std::size_t{1} << 20;
}

connection_counters connection::counters() const {
  const std::lock_guard lock(watch_->mutex);
  return {watch_->disconnects.load(), watch_->reconnects.load(), watch_->refusals,
          natsConnection_Status(connection_) == NATS_CONN_STATUS_CONNECTED};
}

std::string connection::refusal() const {
  const std::lock_guard lock(watch_->mutex);
  const auto said = watch_->refusal.text();
  if (said.empty()) return {};
  return "NATS at " + address_ +
         " does not permit us what we do, and what we send is lost there: " + said;
}

void connection::publish(const std::string& subject, std::string_view body) const {
  check(natsConnection_Publish(connection_, subject.c_str(), body.data(),
                               static_cast<int>(body.size())),
        "publish to");
}

void connection::flush() const {
  if (natsConnection_Status(connection_) == NATS_CONN_STATUS_RECONNECTING) {
    check(NATS_CONNECTION_DISCONNECTED, "flush to");
  }
  check(natsConnection_FlushTimeout(connection_, flush_timeout_ms_), "flush to");
}

void connection::check(natsStatus status, const char* doing) const {
  if (status == NATS_OK) return;
  // A flush that the loss of the connection interrupts says "closed" too.
  if (status == NATS_CONNECTION_CLOSED && connection_ != nullptr &&
      !natsConnection_IsClosed(connection_)) {
    status = NATS_CONNECTION_DISCONNECTED;
  }
  throw sink_error(passes(status), "cannot " + std::string(doing) + " NATS at " + address_ + ": " +
                                       reason_of(status));
}

std::string too_large_text(const connection& link, const std::string& subject, std::size_t bytes) {
  return "a message of " + std::to_string(bytes) + " bytes at " + subject +
         " is larger than NATS at " + link.address() + " takes (max_payload " +
         std::to_string(link.payload_max_bytes()) + " less its header): it is left out";
}

}  // namespace feedtree::nats
