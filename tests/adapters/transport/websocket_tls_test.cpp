#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/adapters/transport/test_websocket.hpp"

namespace feedtree::transport::test {
namespace {

using testing::HasSubstr;

websocket_options localhost_options(const test_server& server) {
  auto options = options_for(server.url("wss", "/", "localhost"));
  options.resolve = [](const std::string&, std::uint16_t port) {
    return std::vector<socket_address>{{"127.0.0.1", port}};
  };
  return options;
}

TEST(websocket_tls, echoes_over_tls_1_3_with_the_name_sent) {
  std::string server_name;
  std::string version;
  event seen;
  test_server server(websocket_server([&](websocket_session& session) {
                       auto* handle = session.socket.next_layer().tls()->native_handle();
                       server_name = SSL_get_servername(handle, TLSEXT_NAMETYPE_host_name);
                       version = SSL_get_version(handle);
                       seen.set();
                       session.echo();
                     }),
                     server_context(localhost_identity()));
  connection use(localhost_options(server));
  ASSERT_TRUE(use.record.wait_open());
  EXPECT_EQ(use.client.send("hello"), send_result::queued);
  ASSERT_TRUE(use.record.wait_frames(1));
  EXPECT_EQ(use.record.frame_at(0).text, "hello");
  ASSERT_TRUE(seen.wait());
  EXPECT_EQ(server_name, "localhost");
  EXPECT_EQ(version, "TLSv1.3");
  EXPECT_EQ(use.client.info().tls_version, "TLSv1.3");
}

TEST(websocket_tls, accepts_an_address_in_the_url_that_is_in_the_certificate) {
  test_server server(echo_server(), server_context(localhost_identity()));
  connection use(options_for(server.url("wss")));
  EXPECT_TRUE(use.record.wait_open());
}

TEST(websocket_tls, falls_back_to_tls_1_2) {
  test_server server(echo_server(),
                     server_context(localhost_identity(), TLS1_2_VERSION, TLS1_2_VERSION));
  connection use(localhost_options(server));
  ASSERT_TRUE(use.record.wait_open());
  EXPECT_EQ(use.client.info().tls_version, "TLSv1.2");
}

TEST(websocket_tls, refuses_tls_below_1_2) {
  test_server server(echo_server(),
                     server_context(localhost_identity(), TLS1_VERSION, TLS1_1_VERSION));
  connection use(localhost_options(server));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::tls) << error.message;
  EXPECT_TRUE(error.terminal) << error.message;
  EXPECT_THAT(error.message, HasSubstr("TLS 1.2 or later is required"));
}

TEST(websocket_tls, refuses_tls_1_2_where_1_3_is_required) {
  test_server server(echo_server(),
                     server_context(localhost_identity(), TLS1_2_VERSION, TLS1_2_VERSION));
  auto options = localhost_options(server);
  options.tls.version_min = tls_version::v1_3;
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::tls) << error.message;
  EXPECT_THAT(error.message, HasSubstr("TLS 1.3 is required"));
}

TEST(websocket_tls, refuses_an_unknown_authority_and_says_what_to_do) {
  test_server server(echo_server(), server_context(localhost_identity()));
  auto options = localhost_options(server);
  options.tls.ca_file.clear();
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::tls);
  EXPECT_TRUE(error.terminal);
  EXPECT_THAT(error.message, HasSubstr("localhost:" + std::to_string(server.port())));
  EXPECT_THAT(error.message, HasSubstr("certificate verify failed"));
  EXPECT_THAT(error.message, HasSubstr("set tls.ca_file"));
}

TEST(websocket_tls, names_the_ca_file_that_does_not_know_the_authority) {
  const authority stranger;
  test_server server(echo_server(), server_context(stranger.issue("DNS:localhost")));
  connection use(localhost_options(server));
  const auto error = use.record.wait_closed();
  EXPECT_TRUE(error.terminal);
  EXPECT_THAT(error.message, HasSubstr("'" + test_authority().file() + "' does not contain"));
}

TEST(websocket_tls, refuses_a_wrong_host_name_and_says_whose_certificate_it_is) {
  test_server server(echo_server(), server_context(test_authority().issue("DNS:other.example")));
  connection use(localhost_options(server));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::tls);
  EXPECT_TRUE(error.terminal);
  EXPECT_THAT(error.message, HasSubstr("'localhost' (it is for: other.example)"));
}

TEST(websocket_tls, refuses_an_address_that_is_not_in_the_certificate) {
  test_server server(echo_server(), server_context(test_authority().issue("DNS:localhost")));
  connection use(options_for(server.url("wss")));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::tls);
  EXPECT_THAT(error.message, HasSubstr("'127.0.0.1'"));
}

TEST(websocket_tls, verifies_the_given_server_name_in_place_of_the_host) {
  test_server server(echo_server(), server_context(test_authority().issue("DNS:venue.example")));
  auto options = options_for(server.url("wss"));
  options.tls.server_name = "venue.example";
  connection use(options);
  EXPECT_TRUE(use.record.wait_open());
}

TEST(websocket_tls, refuses_an_expired_certificate) {
  test_server server(echo_server(), server_context(test_authority().issue("DNS:localhost", -60)));
  connection use(localhost_options(server));
  const auto error = use.record.wait_closed();
  EXPECT_TRUE(error.terminal);
  EXPECT_THAT(error.message, HasSubstr("certificate has expired"));
}

TEST(websocket_tls, accepts_any_certificate_only_when_told_to) {
  const authority stranger;
  test_server server(echo_server(), server_context(stranger.issue("DNS:other.example")));
  auto options = localhost_options(server);
  options.tls.verify_peer = false;
  connection use(options);
  EXPECT_TRUE(use.record.wait_open());
}

TEST(websocket_tls, says_that_a_port_does_not_speak_tls) {
  test_server server([](peer& client, int) { client.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  connection use(localhost_options(server));
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::tls);
  EXPECT_THAT(error.message, HasSubstr("the port may not speak TLS"));
}

TEST(websocket_tls, gives_up_on_a_mute_server_within_the_handshake_timeout) {
  test_server server([](peer& client, int) { client.wait_for_end(); });
  auto options = localhost_options(server);
  options.handshake_timeout_ms = 100;
  connection use(options);
  const auto error = use.record.wait_closed();
  EXPECT_EQ(error.stage, error_stage::timeout);
  EXPECT_THAT(error.message, HasSubstr("TLS handshake was not complete within 100 ms"));
}

TEST(websocket_tls, closes_gracefully) {
  event closed_normally;
  test_server server(websocket_server([&](websocket_session& session) {
                       session.echo();
                       if (session.socket.reason().code == 1000) closed_normally.set();
                     }),
                     server_context(localhost_identity()));
  connection use(localhost_options(server));
  ASSERT_TRUE(use.record.wait_open());
  use.client.close("done");
  EXPECT_EQ(use.record.wait_closed().stage, error_stage::closed_by_us);
  EXPECT_TRUE(closed_normally.wait());
}

}  // namespace
}  // namespace feedtree::transport::test
