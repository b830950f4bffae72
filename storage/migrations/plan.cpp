#include "storage/migrations/plan.hpp"

#include <algorithm>

#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

std::string label(int version, std::string_view name) {
  return "migration " + std::to_string(version) + " (" + std::string(name) + ")";
}

template <class Versions>
auto find_version(const Versions& all, int version) {
  return std::find_if(all.begin(), all.end(),
                      [version](const auto& each) { return each.version == version; });
}

void require_unchanged(const std::string& place, const applied_migration& applied,
                       std::span<const migration> migrations) {
  const auto known = find_version(migrations, applied.version);
  if (known == migrations.end()) {
    throw sink_error(false, place + " has " + label(applied.version, applied.name) +
                                ", which this program does not know: run the version that made it,"
                                " or give another database");
  }
  if (known->name != applied.name || sha256(known->sql) != applied.sha256) {
    throw sink_error(false, label(applied.version, applied.name) + " was applied to " + place +
                                " with another text than this program has: undo the change and add"
                                " a new migration instead");
  }
}

void require_reachable(const std::string& place, int up_to, int last,
                       std::span<const migration> migrations) {
  if (find_version(migrations, up_to) == migrations.end()) {
    throw sink_error(false, "there is no migration " + std::to_string(up_to) +
                                ": this program has 1 to " +
                                std::to_string(migrations.empty() ? 0 : migrations.back().version));
  }
  if (up_to < last) {
    throw sink_error(false, place + " has migration " + std::to_string(last) +
                                " already, and there is no way back to " + std::to_string(up_to) +
                                ": restore a copy");
  }
}

}  // namespace

std::vector<const migration*> missing_migrations(const std::string& place,
                                                 std::span<const applied_migration> applied,
                                                 std::span<const migration> migrations,
                                                 std::optional<int> up_to) {
  for (const auto& one : applied) require_unchanged(place, one, migrations);
  const int last = applied.empty() ? 0 : applied.back().version;
  if (up_to) require_reachable(place, *up_to, last, migrations);
  std::vector<const migration*> missing;
  for (const auto& one : migrations) {
    if (find_version(applied, one.version) != applied.end()) continue;
    if (one.version < last) {
      throw sink_error(false, place + " lacks " + label(one.version, one.name) +
                                  " but has a later one: restore a copy, or give another database");
    }
    if (!up_to || one.version <= *up_to) missing.push_back(&one);
  }
  return missing;
}

std::string description_of(std::span<const migration* const> done) {
  std::string text;
  for (const auto* one : done) {
    text.append(text.empty() ? "" : ", ").append(label(one->version, one->name));
  }
  return text;
}

std::vector<migration_line> migration_lines(std::span<const applied_migration> applied,
                                            std::span<const migration> migrations,
                                            std::span<const migration* const> done,
                                            std::int64_t now_ns) {
  std::vector<migration_line> lines;
  for (const auto& one : migrations) {
    migration_line line{one.version, std::string(one.name)};
    const auto earlier = find_version(applied, one.version);
    if (earlier != applied.end()) line.applied_ns = earlier->applied_ns;
    line.applied_now = std::find(done.begin(), done.end(), &one) != done.end();
    if (line.applied_now) line.applied_ns = now_ns;
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace feedtree::storage
