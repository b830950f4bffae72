// What those that feed the distributor do when there is another one.
#pragma once

namespace feedtree::actors {

// Takes the distributor of the sink table as it is now, and what the one before had not finished
// back into the outbox. False if it is still the same. The state has options.sinks, distributor and
// out.
template <class State>
bool follow_distributor(State& state) {
  const auto now = state.options.sinks->distributor();
  if (now == state.distributor) return false;
  state.distributor = now;
  state.out->take_back();
  return true;
}

}  // namespace feedtree::actors
