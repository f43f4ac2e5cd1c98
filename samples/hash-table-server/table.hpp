// A hash table that is divided between the cores.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <toro/cores.hpp>

/// A key is its core's, whose threads alone touch it: nothing is locked. Threads of any core.
class Table {
 public:
  void put(const std::string& key, std::string value);
  [[nodiscard]] std::optional<std::string> get(const std::string& key);
  /// How many keys all cores have.
  [[nodiscard]] std::size_t size();

 private:
  using Part = std::unordered_map<std::string, std::string>;
  template <class F>
  auto at_home_of(const std::string& key, F f);

  toro::PerCore<Part> parts_;
};
