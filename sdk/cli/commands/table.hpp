// Columns of text that line up.
#pragma once

#include <string>
#include <vector>

namespace toro::cli {

/// The rows as lines, each column as wide as its widest cell.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

/// Writes text to stdout.
void print(const std::string& text);

}  // namespace toro::cli
