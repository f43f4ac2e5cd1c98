// A table as the stub writes it (osdata XML), as JSON.
#pragma once

#include <string>
#include <string_view>

namespace toro::cli {

/// `{"table":NAME,"rows":[{COLUMN:VALUE,…},…]}`, every value a string, without a line's end.
[[nodiscard]] std::string table_json(std::string_view name, std::string_view osdata);

/// `{"table":NAME,"error":SENTENCE}`.
[[nodiscard]] std::string table_error_json(std::string_view name, std::string_view sentence);

}  // namespace toro::cli
