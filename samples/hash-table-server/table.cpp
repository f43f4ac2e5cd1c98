// A hash table that is divided between the cores.
#include "table.hpp"

#include <functional>

/// What `f` returns of the part of the key's core, called there.
template <class F>
auto Table::at_home_of(const std::string& key, F f) {
  const auto core = static_cast<std::uint32_t>(std::hash<std::string>{}(key) % toro::cores());
  return toro::run_on(core, [&] { return f(*parts_); });
}

void Table::put(const std::string& key, std::string value) {
  at_home_of(key, [&](Part& part) { part.insert_or_assign(key, std::move(value)); });
}

std::optional<std::string> Table::get(const std::string& key) {
  return at_home_of(key, [&](Part& part) -> std::optional<std::string> {
    const auto found = part.find(key);
    if (found == part.end()) return std::nullopt;
    return found->second;
  });
}

std::size_t Table::size() {
  std::size_t sum = 0;
  for (std::uint32_t core = 0; core < toro::cores(); ++core) sum += toro::run_on(core, [&] { return parts_->size(); });
  return sum;
}
