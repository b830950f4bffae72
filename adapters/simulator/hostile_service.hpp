// A venue that moves like market_service and does wrong as it is told: it stands between the venue
// and the server, reads every frame that goes out, and keeps a record of what it did.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/simulator/fault_log.hpp"
#include "adapters/simulator/fault_plan.hpp"
#include "adapters/simulator/frame_reader.hpp"
#include "adapters/simulator/generator.hpp"

namespace feedtree::simulator {

struct hostile_options {
  std::vector<fault_spec> faults;
  std::uint64_t seed = 1;          // of the random moments
  std::int64_t faults_for_ns = 0;  // then no fault begins and those that last are over; 0: no end
  std::int64_t move_for_ns = 0;    // then the markets rest and connections live on; 0: no end
  std::function<void(std::string_view)> tell;  // "faults are over", "markets rest"; may be empty
};

class hostile_service : public service, private server_link {
 public:
  // Throws std::invalid_argument for markets that the venue does not have and for faults that it
  // cannot have. The log outlives the service.
  hostile_service(const venue_simulator& venue, generator_options markets, hostile_options options,
                  clock_function clock_ns, fault_log& log);

  void on_start(server_link& link) override;
  admission on_connection() override;
  std::optional<rest_answer> refuses(std::string_view target) override;
  bool accepts(std::string_view target) override { return inner_.accepts(target); }
  void on_open(client_id who, std::string_view target) override;
  void on_text(client_id who, std::string_view text) override;
  void on_close(client_id who) override;
  void on_room(client_id who) override { inner_.on_room(who); }
  rest_answer on_request(std::string_view method, std::string_view target) override;

  // Writes the books as they are; when the server has stopped.
  void finish();
  const market_service& inner() const { return inner_; }

 private:
  struct held_frame {
    std::string text;
    std::string instrument;
    event_kind kind = event_kind::book;
  };
  struct client {
    std::uint64_t opened = 0;              // as the N-th
    std::int64_t silent_until_ns = 0;      // mute, half_open
    const fault_spec* silenced = nullptr;  // by which
    bool is_frozen = false;
    std::optional<held_frame> held;  // reorder: sent behind the next one of its feed
    std::deque<std::string> delayed;
    std::int64_t delayed_until_ns = 0;
  };

  // What the venue sends, on its way to the server.
  bool send(client_id to, std::string frame) override;
  void close(client_id who) override { link_->close(who); }
  void cut(client_id who) override { link_->cut(who); }
  void freeze(client_id who) override { link_->freeze(who); }
  bool has_room(client_id who) override { return link_->has_room(who); }
  void run_after(std::int64_t delay_ns, std::function<void()> task) override {
    link_->run_after(delay_ns, std::move(task));
  }

  void check(const generator_options& markets) const;
  void on_timer();
  void begin_episode(const fault_spec& spec, std::int64_t now_ns);
  void silence(const fault_spec& spec, std::int64_t now_ns);
  void cut(const fault_spec& spec);
  void announce_close(const fault_spec& spec, std::int64_t now_ns);
  void end_faults();
  void cross(const fault_spec& spec);
  void follow_lasting(std::int64_t now_ns);
  void wake(std::int64_t now_ns);
  void release_delayed(std::int64_t now_ns);
  void note(const fault_spec& spec, client_id connection = 0, std::string_view instrument = {},
            const std::vector<frame_event>& hit = {});
  std::vector<client_id> open_clients(const fault_spec& of) const;
  const fault_spec* hit_frame(const client& to, const std::vector<frame_event>& events,
                              std::int64_t now_ns);
  bool damage(const fault_spec& spec, std::string& frame) const;
  bool send_hit(client_id to, client& at, const fault_spec& spec, std::string frame,
                const std::vector<frame_event>& events);
  bool pass(client_id to, client& at, std::string frame);
  bool pass_data(client_id to, client& at, std::string frame,
                 const std::vector<frame_event>& events);
  void keep_snapshot(const std::string& frame, const std::vector<frame_event>& events);

  const venue_simulator& venue_;
  hostile_options options_;
  clock_function clock_ns_;
  std::int64_t skew_ns_ = 0;
  market_service inner_;
  frame_reader reader_;
  fault_log& log_;
  fault_plan plan_;
  server_link* link_ = nullptr;
  std::map<client_id, client> clients_;
  std::uint64_t opened_ = 0;                          // WebSockets
  std::map<std::string, std::string> old_snapshots_;  // by instrument: the first frame
  std::map<std::string, rest_answer> old_answers_;    // by target: the first answer
  std::vector<std::string> instruments_;
};

}  // namespace feedtree::simulator
