#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <future>
#include <thread>

#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/command/status_text.hpp"
#include "adapters/transport/https_client.hpp"
#include "config/dependencies.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t timeout_ms = 5'000;

transport::http_result fetch(transport::https_client& client, const std::string& url) {
  transport::http_headers headers;
  const auto token = config::operator_token(config::process_environment());
  if (!token.empty()) headers.add("Authorization", "Bearer " + token);
  const auto answer = std::make_shared<std::promise<transport::http_result>>();
  auto result = answer->get_future();
  client.get(url + "/api/v1/overview", headers,
             [answer](transport::http_result what) { answer->set_value(std::move(what)); });
  return result.get();
}

int fail(const std::string& url, const std::string& why) {
  complain(url + ": " + why);
  return exit_failure;
}

// Prints one overview; exit_failure if the server is not ready or does not answer.
int show_once(transport::https_client& client, const status_arguments& arguments, bool clears) {
  const auto result = fetch(client, arguments.url);
  if (const auto* error = std::get_if<transport::transport_error>(&result)) {
    return fail(arguments.url, error->message);
  }
  const auto& answer = std::get<transport::http_response>(result);
  if (answer.status != 200) {
    return fail(arguments.url, "answered with status " + std::to_string(answer.status));
  }
  const auto report = read_status(answer.body, isatty(STDOUT_FILENO) == 1);
  if (!report) return fail(arguments.url, "is no feedtree");
  std::fputs(((clears ? "\x1b[H\x1b[2J" : "") + report->text).c_str(), stdout);
  std::fflush(stdout);
  return report->is_ready ? exit_ok : exit_failure;
}

}  // namespace

int status_command(const status_arguments& arguments) {
  transport::reactor loop;
  transport::https_options options;
  options.tls.ca_file = arguments.ca_file;
  options.connect_timeout_ms = timeout_ms;
  options.request_timeout_ms = timeout_ms;
  transport::https_client client(loop, options);
  loop.start();
  if (!arguments.watch) return show_once(client, arguments, false);
  for (;;) {
    show_once(client, arguments, isatty(STDOUT_FILENO) == 1);
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace feedtree::actors
