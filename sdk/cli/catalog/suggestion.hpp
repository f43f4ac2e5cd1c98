// Names for an error message: what there is to choose from, and what was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace toro::cli {

/// Single-letter edits between two words.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// "expected one of a, b; did you mean b?"
std::string expected_one_of(const std::vector<std::string>& names, std::string_view found);

/// "a, b, c"
std::string joined(const std::vector<std::string>& words, std::string_view separator = ", ");

}  // namespace toro::cli
