#include "core/rules/judgement.hpp"

#include <algorithm>

#include "core/validator.hpp"

namespace feedtree::rules {

std::size_t event_judgement::judge(event_batch& batch, std::size_t first) {
  const auto before = batch.quarantine.size();
  quarantine_bad_events(batch, first);
  if (engine_ != nullptr) {
    const auto& findings = engine_->examine(batch, first);
    if (engine_->changes(findings)) {
      engine_->apply(findings, batch);
    } else {
      engine_->count_only(findings);
    }
  }
  return batch.quarantine.size() - before;
}

bool event_judgement::sweeps() const {
  return engine_ != nullptr &&
         std::any_of(engine_->rules().begin(), engine_->rules().end(),
                     [](const rule_spec& each) { return each.check == rule_check::freshness; });
}

void event_judgement::sweep(std::int64_t now_ns, event_batch& out) {
  if (engine_ != nullptr) engine_->sweep(now_ns, out);
}

}  // namespace feedtree::rules
