// How a venue's director asks for symbols: at the start until it has them, later for instruments
// that the venue did not have.
#include <algorithm>
#include <chrono>

#include "actors/bridge.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/venue/venue_director_parts.hpp"
#include "actors/venue/wanted_streams.hpp"

namespace feedtree::actors::director_parts {
namespace {

constexpr std::int64_t ms = 1'000'000;
// A list that is younger is not asked for again to answer a question.
constexpr std::int64_t fresh_ns = 5'000'000'000;
constexpr const char* trouble_part = "symbols";

bool is_first_round(const venue_director_state& state) {
  return state.symbols == nullptr;
}

// True if it is another one than before.
bool note_error(venue_director_state& state, const std::string& why) {
  auto& counters = *state.options.services.counters;
  counters.set_failure(state.name + ": " + why);
  counters.set_trouble(state.name, trouble_part, why);
  return std::exchange(state.last_error, why) != why;
}

void clear_error(venue_director_state& state) {
  state.last_error.clear();
  state.options.services.counters->set_trouble(state.name, trouble_part, {});
}

void schedule_look(self_pointer self) {
  auto& state = self->state;
  if (state.unknown.empty() || std::exchange(state.look_is_due, true)) return;
  self->delayed_send(self, std::chrono::milliseconds(state.options.look_again_ms),
                     timer_atom::value);
}

symbol_answer answer_about(const venue_director_state& state, const std::string& instrument) {
  const auto& registry = *state.options.services.registry;
  const auto* const where = registry.find(state.name, instrument);
  if (where != nullptr && is_known(state, where)) return {symbol_answer::result::known};
  if (!state.left_out.empty()) return {symbol_answer::result::not_told, state.left_out};
  return {symbol_answer::result::unknown,
          why_unknown(instrument, state.name, registry, *state.symbols),
          names_like(instrument, state.name, registry, *state.symbols)};
}

void answer_questions(venue_director_state& state, const std::string& not_told) {
  for (const auto& [number, each] : std::exchange(state.questions, {})) {
    if (not_told.empty()) {
      each.answer(answer_about(state, each.instrument()));
    } else {
      each.answer({symbol_answer::result::not_told, not_told});
    }
  }
}

// The present request is made again.
void retry_later(self_pointer self, const std::string& why, std::int64_t least_ms) {
  auto& state = self->state;
  const auto delay_ms = std::max(least_ms, state.retry_delay->next_ms() + 1);
  if (note_error(state, why)) log::warning(state.name, "no symbols yet: " + why);
  self->delayed_send(self, std::chrono::milliseconds(delay_ms), retry_atom::value);
}

// What runs goes on; the venue is asked again with the next look.
void give_up_round(self_pointer self, const std::string& why) {
  auto& state = self->state;
  if (note_error(state, why)) log::warning(state.name, "symbols were not told again: " + why);
  state.round.reset();
  answer_questions(state, why);
  schedule_look(self);
}

// The request has no useful answer: at the start there is nothing without it.
void request_failed(self_pointer self, const std::string& why, std::int64_t wait_ms) {
  auto& state = self->state;
  if (!is_first_round(state)) return give_up_round(self, why);
  state.budget->failed(state.options.services.now_ns());
  retry_later(self, why, wait_ms);
}

// The venue says to wait: so does everything that asks this address over REST.
void wait_as_asked(venue_director_state& state, std::int64_t wait_ms) {
  const auto until_ns = state.options.services.now_ns() + wait_ms * ms;
  state.budget->penalise(budget_rest, until_ns);
  state.options.services.counters->set_waits(state.name, until_ns);
}

void leave_list_out(self_pointer self, const std::string& why) {
  auto& state = self->state;
  state.round->left_out = why;
  if (note_error(state, why)) log::warning(state.name, "symbols left out: " + why);
  state.round->pages.leave_list();
  request_symbols(self);
}

// Why a body that was read is of no use; empty if it is.
std::string read_symbols(self_pointer self, transport::http_response& answer) {
  auto& state = self->state;
  auto& round = *state.round;
  const auto url = round.pages.current().url;
  const auto& registry = *state.options.services.registry;
  const auto finds_one = [&] {
    return std::any_of(state.unknown.begin(), state.unknown.end(), [&](const auto& each) {
      const auto* const where = registry.find(state.name, each.first);
      return where != nullptr && round.symbols->has(where);
    });
  };
  const bool had_one = finds_one();
  event_batch unused;
  venues::frame_report report;
  const venues::raw_frame body{std::move(answer.body), answer.receive_ns};
  round.reader->decode_rest(url, body, unused, report);
  // A list that is asked for again and brings nothing is the one that the archive has.
  if (is_first_round(state) || (!had_one && finds_one())) {
    state.tap.rest(url, body.text, body.receive_ns);
  }
  if (report.outcome == venues::frame_outcome::rejected) return url + ": " + report.reason;
  if (!report.losses.entries.empty() && is_first_round(state)) {
    log::warning(state.name, std::to_string(report.losses.entries.size()) +
                                 " instruments of the list could not be read, for example: " +
                                 report.losses.entries.front().reason);
  }
  const auto problem = round.pages.read(report.next_page);
  if (!problem.empty()) log::warning(state.name, problem);
  return {};
}

// All lists are read, or as many as can be had.
void finish_round(self_pointer self) {
  auto& state = self->state;
  if (state.round->symbols->size() == 0) {
    const auto why = state.last_error.empty() ? "the venue lists none" : state.last_error;
    state.round->pages.restart();
    if (is_first_round(state)) return retry_later(self, why, 1000);
    return give_up_round(self, why);
  }
  const auto round = std::move(state.round);
  state.symbols = round->symbols;
  state.left_out = round->left_out;
  state.told_ns = state.options.services.now_ns();
  if (state.left_out.empty()) clear_error(state);
  apply_wanted(self);
  answer_questions(state, {});
}

std::string reason_of(const venue_director_state& state, const std::string& instrument) {
  const auto why =
      why_unknown(instrument, state.name, *state.options.services.registry, *state.symbols);
  return state.left_out.empty() ? why
                                : why + "; one of its lists cannot be read: " + state.left_out;
}

}  // namespace

void ask_for_symbols(self_pointer self) {
  auto& state = self->state;
  const venues::venue_addresses addresses{state.options.config.websocket_url,
                                          state.options.config.rest_url};
  const auto symbols = std::make_shared<venues::venue_symbols>(*state.options.services.registry);
  state.round = std::make_unique<symbol_round>(
      symbol_round{venues::symbol_pages(state.options.venue->symbol_requests(addresses)), symbols,
                   state.options.venue->make_session(*symbols, "", addresses)});
  request_symbols(self);
}

// The first round shows whether the venue can be reached; a later one must not stand in the way of
// what runs.
void request_symbols(self_pointer self) {
  auto& state = self->state;
  if (state.round == nullptr) return;
  if (state.round->pages.is_done()) return finish_round(self);
  const auto request = state.round->pages.current();
  const auto now = state.options.services.now_ns();
  const auto when = is_first_round(state) ? state.budget->try_rest_or_when(request.weight, now)
                                          : state.budget->poll_rest_or_when(request.weight, now);
  if (when != 0) {
    self->delayed_send(self, std::chrono::nanoseconds(when - now), retry_atom::value);
    return;
  }
  const bridge<venue_actor> to(venue_actor{self});
  state.https->get(request.url, {}, [to, ticket = ++state.ticket](auto answer) {
    to.post(rest_atom::value,
            rest_result{ticket, std::make_shared<transport::http_result>(std::move(answer))});
  });
}

void take_symbols(self_pointer self, const rest_result& result) {
  auto& state = self->state;
  if (result.ticket != state.ticket || state.round == nullptr) return;
  if (const auto* const error = std::get_if<transport::transport_error>(result.result.get())) {
    if (classify(*error) == remedy::fatal && is_first_round(state)) {
      self->quit(fatal_error(state.name + ": " + error->message));
      return;
    }
    return request_failed(self, error->message, 0);
  }
  auto& answer = std::get<transport::http_response>(*result.result);
  const auto refusal = state.round->pages.current().url + ": " + status_text(answer);
  const auto wait_ms = asked_wait_s(answer.status, answer.retry_after_s, answer.body) * 1000;
  if (answer.status != 200 && wait_ms > 0) wait_as_asked(state, wait_ms);
  if (transport::is_terminal_status(answer.status) && wait_ms == 0) {
    // One market of the venue is not to be had; the others may be enough.
    return leave_list_out(self, refusal);
  }
  if (answer.status != 200) return request_failed(self, refusal, wait_ms);
  const auto problem = read_symbols(self, answer);
  if (!problem.empty()) {
    if (is_first_round(state)) return retry_later(self, problem, 1000);
    return give_up_round(self, problem);
  }
  if (is_first_round(state)) {
    state.budget->succeeded(state.options.services.now_ns());
    state.retry_delay->reset();
  }
  request_symbols(self);
}

void note_unknown(self_pointer self, const std::vector<std::string>& unknown) {
  auto& state = self->state;
  std::map<std::string, std::string> now;
  std::vector<unknown_instrument> shown;
  for (const auto& instrument : unknown) {
    const auto& why = now[instrument] = reason_of(state, instrument);
    shown.push_back({state.name, instrument, why, state.options.services.now_ns()});
    const auto before = state.unknown.find(instrument);
    if (before != state.unknown.end() && before->second == why) continue;
    log::warning(state.name, state.name + " has no instrument " + instrument + ": " + why +
                                 (why.ends_with('?') ? " " : "; ") + "it is looked for again");
  }
  state.unknown = std::move(now);
  state.options.services.counters->set_unknown(state.name, std::move(shown));
  schedule_look(self);
}

void look_for_unknown(self_pointer self) {
  auto& state = self->state;
  state.look_is_due = false;
  if (state.stopping || state.round != nullptr || state.unknown.empty()) return;
  ask_for_symbols(self);
}

void take_question(self_pointer self, const symbol_question& what) {
  auto& state = self->state;
  if (state.symbols == nullptr || state.stopping) {
    const auto why = state.last_error.empty() ? "its symbols are asked for" : state.last_error;
    return what.answer({symbol_answer::result::not_told, why});
  }
  const auto answer = answer_about(state, what.instrument());
  const auto age_ns = state.options.services.now_ns() - state.told_ns;
  const bool is_fresh = state.round == nullptr && age_ns < fresh_ns;
  if (answer.what == symbol_answer::result::known || is_fresh) return what.answer(answer);
  const auto number = ++state.last_question;
  state.questions[number] = what;
  self->delayed_send(self, std::chrono::milliseconds(state.options.answer_within_ms),
                     timer_atom::value, number);
  if (state.round == nullptr) ask_for_symbols(self);
}

void give_up_question(self_pointer self, std::uint64_t number) {
  const auto found = self->state.questions.extract(number);
  if (!found.empty()) {
    found.mapped().answer({symbol_answer::result::not_told, "it does not answer in time"});
  }
}

}  // namespace feedtree::actors::director_parts
