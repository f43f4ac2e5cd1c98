#include "sdk/cli/broker/table_json.hpp"

#include <nlohmann/json.hpp>
#include <optional>

namespace toro::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What lies between the next `from` and the `to` behind it; both are consumed. Nothing where there is none.
std::optional<std::string_view> between(std::string_view& text, std::string_view from, std::string_view to) {
  const auto begin = text.find(from);
  if (begin == std::string_view::npos) return std::nullopt;
  const auto end = text.find(to, begin + from.size());
  if (end == std::string_view::npos) return std::nullopt;
  const auto found = text.substr(begin + from.size(), end - begin - from.size());
  text.remove_prefix(end + to.size());
  return found;
}

std::string plain(std::string_view xml) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}};
  std::string text;
  while (!xml.empty()) {
    const auto entity = std::ranges::find_if(kEntities, [xml](const auto& one) { return xml.starts_with(one.first); });
    const bool found = entity != std::end(kEntities);
    text += found ? entity->second : xml.front();
    xml.remove_prefix(found ? entity->first.size() : 1);
  }
  return text;
}

}  // namespace

std::string table_json(std::string_view name, std::string_view osdata) {
  Json answer{{"table", name}, {"rows", Json::array()}};
  while (auto item = between(osdata, "<item>", "</item>")) {
    Json row = Json::object();
    while (const auto column = between(*item, "<column name=\"", "\">")) {
      const auto end = item->find("</column>");
      if (end == std::string_view::npos) break;
      row[plain(*column)] = plain(item->substr(0, end));
      item->remove_prefix(end);
    }
    answer["rows"].push_back(std::move(row));
  }
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string table_error_json(std::string_view name, std::string_view sentence) {
  return Json{{"table", name}, {"error", sentence}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace toro::cli
