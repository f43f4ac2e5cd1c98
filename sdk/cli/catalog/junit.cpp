// Reads CTest's own regular form of JUnit XML; it is no parser for anybody else's.
#include "sdk/cli/catalog/junit.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace toro::cli {
namespace {

std::string unescaped(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kEntities{
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string plain;
  while (!text.empty()) {
    std::size_t taken = 1;
    char c = text.front();
    for (const auto& [entity, meaning] : kEntities) {
      if (!text.starts_with(entity)) continue;
      c = meaning;
      taken = entity.size();
    }
    plain += c;
    text.remove_prefix(taken);
  }
  return plain;
}

std::string attribute(std::string_view element, std::string_view name) {
  auto at = element.find(" " + std::string(name) + "=\"");
  if (at == std::string_view::npos) return "";
  auto begin = at + name.size() + 3;
  return unescaped(element.substr(begin, element.find('"', begin) - begin));
}

std::string last_line(std::string_view text) {
  while (!text.empty() && std::string_view(" \r\n\t").contains(text.back())) text.remove_suffix(1);
  return unescaped(text.substr(text.rfind('\n') + 1));
}

/// What stands between <NAME…> and </NAME>.
std::string_view content(std::string_view element, std::string_view name) {
  auto begin = element.find("<" + std::string(name) + ">");
  auto end = element.find("</" + std::string(name) + ">");
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  begin += name.size() + 2;
  return element.substr(begin, end - begin);
}

TestResult result_of(std::string_view element) {
  TestResult result{attribute(element.substr(0, element.find('>')), "name"), TestResult::Verdict::failed, ""};
  auto status = attribute(element.substr(0, element.find('>')), "status");
  if (status == "run") result.verdict = TestResult::Verdict::passed;
  if (status == "notrun" || status == "disabled") {
    auto skipped = element.find("<skipped");
    auto message = skipped == std::string_view::npos ? "" : attribute(element.substr(skipped), "message");
    // A program that was not built is no choice of the test's.
    bool chosen = status == "disabled" || message.starts_with("SKIP_");
    result.verdict = chosen ? TestResult::Verdict::skipped : TestResult::Verdict::failed;
    result.reason = message.starts_with("SKIP_") ? last_line(content(element, "system-out")) : message;
    if (result.reason.empty()) result.reason = status;
  }
  return result;
}

}  // namespace

std::vector<TestResult> parse_junit(const std::string& xml) {
  constexpr std::string_view kBegin = "<testcase ";
  constexpr std::string_view kEnd = "</testcase>";
  std::vector<TestResult> results;
  std::string_view rest = xml;
  for (auto begin = rest.find(kBegin); begin != std::string_view::npos; begin = rest.find(kBegin)) {
    rest.remove_prefix(begin);
    auto end = rest.find(kEnd);
    if (end == std::string_view::npos) break;
    results.push_back(result_of(rest.substr(0, end)));
    rest.remove_prefix(end);
  }
  return results;
}

}  // namespace toro::cli
