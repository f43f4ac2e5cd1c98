// Why a table of the firmware was refused.
#pragma once

#include <cstdint>
#include <string_view>

namespace toro::firmware {

enum class Error : std::uint8_t {
  not_found,              ///< the machine has no such table
  unreachable,            ///< it lies where the reader of physical memory has no bytes
  bad_signature,          ///< something else lies there
  bad_length,             ///< shorter than its own header, or longer than kLargestTable
  bad_checksum,           ///< its bytes do not sum to zero
  entry_too_short,        ///< an entry that is shorter than its type needs, or than its own type and length
  entry_past_end,         ///< an entry that reaches beyond the table
  unknown_entry,          ///< an entry whose length nobody tells
  default_configuration,  ///< the MP table is one of those that the specification numbers and the machine does not
                          ///< store
  calling_core_missing,   ///< the table does not list the core that reads it
};

/// One line for people, without a final stop. Callable from any context.
[[nodiscard]] std::string_view describe(Error error);

}  // namespace toro::firmware
