// Levenshtein distance and the sentence made of it.
#include "sdk/cli/catalog/suggestion.hpp"

#include <algorithm>
#include <format>
#include <numeric>

namespace toro::cli {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string all;
  for (const auto& word : words) {
    if (!all.empty()) all += separator;
    all += word;
  }
  return all;
}

std::string expected_one_of(const std::vector<std::string>& names, std::string_view found) {
  if (names.empty()) return "there is none to choose from";
  std::string sentence = std::format("expected {}{}", names.size() == 1 ? "" : "one of ", joined(names));
  auto nearest = std::ranges::min_element(names, {}, [&](const auto& name) { return edit_distance(name, found); });
  if (edit_distance(*nearest, found) <= nearest->size() / 3 + 1)
    sentence += std::format("; did you mean {}?", *nearest);
  return sentence;
}

}  // namespace toro::cli
