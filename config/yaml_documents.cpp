#include "config/yaml_documents.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

namespace feedtree::config {
namespace {

// Takes the parser's events and keeps nothing but the beginnings of documents.
class document_listener final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    starts.push_back({mark.line + 1, mark.column + 1});
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::vector<position> starts;
};

}  // namespace

std::vector<position> document_starts(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  document_listener listener;
  while (listener.starts.size() < 2 && parser.HandleNextDocument(listener)) {
  }
  return std::move(listener.starts);
}

}  // namespace feedtree::config
