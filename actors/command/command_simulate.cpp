#include <signal.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/signals.hpp"
#include "actors/system.hpp"
#include "adapters/simulator/capture_server.hpp"
#include "adapters/simulator/certificate.hpp"
#include "adapters/simulator/generator.hpp"
#include "adapters/simulator/hostile_service.hpp"
#include "adapters/simulator/server.hpp"
#include "adapters/venues/venue.hpp"
#include "storage/capture_reader.hpp"

namespace feedtree::actors {
namespace {

// Something is wrong with the command line.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

const simulator::venue_simulator& simulator_or_throw(const std::string& name) {
  if (const auto* const found = simulator::find_simulator(name)) return *found;
  std::string known;
  for (const auto& entry : simulator::simulator_names()) {
    known += (known.empty() ? "" : ", ") + entry;
  }
  throw usage_error("unknown venue '" + name + "'; known are " + known);
}

void take_listen(const std::string& text, simulator::server_options& out) {
  if (text.empty()) return;
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos ? text : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc{} || end != port.data() + port.size() || colon == 0 ||
      colon == std::string::npos) {
    throw usage_error("--listen: '" + text + "' is not HOST:PORT");
  }
  out.host = text.substr(0, colon);
}

simulator::server_options server_options_of(const simulate_arguments& arguments,
                                            std::uint16_t default_port) {
  simulator::server_options options;
  options.port = default_port;
  options.certificate_file = arguments.tls_certificate;
  options.key_file = arguments.tls_key;
  options.permessage_deflate = !arguments.no_compression;
  take_listen(arguments.listen, options);
  const auto problems = options.check();
  if (!problems.empty()) throw usage_error(problems.front());
  return options;
}

std::vector<simulator::capture_frame> frames_of(const std::string& path) {
  std::vector<simulator::capture_frame> result;
  std::map<std::string, std::string> urls;
  for (auto& record : read_capture(path).records) {
    if (record.type == record_type::connect) {
      urls[record.connection] = record.url;
      continue;
    }
    const bool rest = record.type == record_type::rest;
    auto url = rest ? record.url : urls[record.connection];
    result.push_back({std::move(record.connection), std::move(url), std::move(record.text),
                      record.receive_ns, rest});
  }
  return result;
}

void record_capture(const simulator::venue_simulator& venue, const simulate_arguments& arguments) {
  std::ofstream file(arguments.record, std::ios::binary | std::ios::trunc);
  file << capture_header_line(arguments.venue);
  simulator::generated_capture_options options;
  options.seed = arguments.seed;
  options.instruments = arguments.instruments;
  options.frames = arguments.frames;
  options.start_ns = 1'760'000'000'000'000'000;
  options.frames_per_s = arguments.rate;
  std::map<std::string, bool> opened;
  simulator::generate_capture(venue, options, [&](const simulator::capture_frame& frame) {
    if (!frame.rest && !std::exchange(opened[frame.connection], true)) {
      file << capture_record_line(
          {record_type::connect, frame.connection, frame.url, "", frame.receive_ns});
    }
    file << capture_record_line({frame.rest ? record_type::rest : record_type::frame,
                                 frame.connection, frame.url, frame.text, frame.receive_ns});
  });
  if (!file.flush()) throw std::runtime_error(arguments.record + ": cannot be written");
}

void wait_for_stop() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  int signal = 0;
  sigwait(&signals, &signal);
}

int serve(simulator::service& what, const simulator::server_options& options,
          const std::string& venue) {
  simulator::server server(options, what);
  server.start();
  const bool tls = !options.certificate_file.empty();
  std::printf("%s simulator listens on %s:%u (%s)\n", venue.c_str(), options.host.c_str(),
              server.listening_port(), tls ? "wss and https" : "ws and http");
  std::fflush(stdout);
  wait_for_stop();
  server.stop();
  const auto counters = server.counters();
  std::printf("%s simulator sent %llu frames to %llu clients, answered %llu requests\n",
              venue.c_str(), static_cast<unsigned long long>(counters.frames_sent),
              static_cast<unsigned long long>(counters.clients_accepted),
              static_cast<unsigned long long>(counters.requests));
  return exit_ok;
}

int serve_capture(const simulate_arguments& arguments) {
  if (venues::find_venue(arguments.venue) == nullptr) simulator_or_throw(arguments.venue);
  simulator::capture_service_options capture;
  capture.speed_percent = static_cast<std::uint32_t>((arguments.speed + 9) / 10);
  capture.venue = simulator::find_simulator(arguments.venue);
  const auto port = capture.venue == nullptr ? std::uint16_t{0} : capture.venue->default_port();
  const auto options = server_options_of(arguments, port);
  simulator::capture_service service(frames_of(arguments.capture), capture, wall_ns);
  return serve(service, options, arguments.venue);
}

// A file to write to, if there is a path.
std::optional<std::ofstream> opened(const std::string& path) {
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) throw std::runtime_error(path + ": cannot be written");
  return file;
}

bool is_hostile(const simulate_arguments& arguments) {
  return !arguments.faults.empty() || !arguments.fault_log.empty() || !arguments.truth.empty() ||
         arguments.faults_for_s != 0 || arguments.move_for_s != 0;
}

simulator::hostile_options hostile_options_of(const simulate_arguments& arguments) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  simulator::hostile_options options;
  for (const auto& text : arguments.faults) options.faults.push_back(simulator::parse_fault(text));
  options.seed = arguments.seed;
  options.faults_for_ns = arguments.faults_for_s * second_ns;
  options.move_for_ns = arguments.move_for_s * second_ns;
  options.tell = [venue = arguments.venue](std::string_view what) {
    std::printf("%s simulator: %.*s\n", venue.c_str(), static_cast<int>(what.size()), what.data());
    std::fflush(stdout);
  };
  return options;
}

// A certificate that no client knows, in a folder that goes with it.
class wrong_certificate {
 public:
  explicit wrong_certificate(simulator::server_options& out) {
    std::string name = (std::filesystem::temp_directory_path() / "feedtree-tls-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error(name + ": cannot be made");
    folder_ = name;
    const auto files = simulator::make_certificate(folder_);
    out.wrong_certificate_file = files.certificate;
    out.wrong_key_file = files.key;
  }
  wrong_certificate(const wrong_certificate&) = delete;
  wrong_certificate& operator=(const wrong_certificate&) = delete;
  ~wrong_certificate() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

 private:
  std::string folder_;
};

int serve_hostile(const simulator::venue_simulator& venue, const simulate_arguments& arguments,
                  simulator::server_options server, simulator::generator_options markets) {
  auto options = hostile_options_of(arguments);
  std::optional<wrong_certificate> wrong;
  if (std::any_of(options.faults.begin(), options.faults.end(), [](const auto& spec) {
        return spec.kind == simulator::fault_kind::bad_certificate;
      })) {
    if (server.certificate_file.empty()) throw usage_error("bad_certificate needs --tls-cert");
    wrong.emplace(server);
  }
  auto faults = opened(arguments.fault_log);
  auto truth = opened(arguments.truth);
  simulator::fault_log log(faults ? &*faults : nullptr, truth ? &*truth : nullptr);
  simulator::hostile_service service(venue, std::move(markets), std::move(options), wall_ns, log);
  const auto code = serve(service, server, arguments.venue);
  service.finish();
  for (const auto& [name, count] : log.counts()) {
    std::printf("%s simulator: %.*s %llu\n", arguments.venue.c_str(), static_cast<int>(name.size()),
                name.data(), static_cast<unsigned long long>(count));
  }
  return code;
}

int simulate(const simulate_arguments& arguments) {
  if (!arguments.capture.empty()) return serve_capture(arguments);
  const auto& venue = simulator_or_throw(arguments.venue);
  if (arguments.instruments.empty()) {
    throw usage_error("give --capture FILE, or --instruments A,B to generate order flow");
  }
  if (!arguments.record.empty()) {
    record_capture(venue, arguments);
    return exit_ok;
  }
  const auto options = server_options_of(arguments, venue.default_port());
  simulator::generator_options generator{arguments.seed, arguments.instruments, arguments.rate};
  if (is_hostile(arguments)) return serve_hostile(venue, arguments, options, std::move(generator));
  simulator::market_service service(venue, std::move(generator), wall_ns);
  return serve(service, options, arguments.venue);
}

}  // namespace

int simulate_command(const simulate_arguments& arguments) {
  block_stop_signals();
  try {
    return simulate(arguments);
  } catch (const usage_error& error) {
    complain(error.what());
    return exit_usage;
  } catch (const std::invalid_argument& error) {
    complain(error.what());
    return exit_usage;
  }
}

int make_certificate_command(const std::string& directory) {
  const auto files = simulator::make_certificate(directory);
  std::printf("%s\n%s\n%s\n", files.ca.c_str(), files.certificate.c_str(), files.key.c_str());
  return exit_ok;
}

}  // namespace feedtree::actors
