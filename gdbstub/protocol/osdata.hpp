// Kernel objects as tables: `info os` in GDB, the editor's views. [GDB, Operating System Information]
#pragma once

#include <string_view>

#include "gdbstub/protocol/reply.hpp"
#include "gdbstub/protocol/target.hpp"

namespace toro::gdbstub {

/// Writes the table `name`, or the list of tables where it is empty; false where there is none of that name.
[[nodiscard]] bool write_osdata(TextWriter& xml, std::string_view name, Target& target);

/// A row of a table of many pieces, so that one is not written from its beginning for each of them.
struct TableBookmark {
  std::size_t table = 0;
  std::uint64_t row = 0;
  std::uint64_t position = 0;  ///< in the document, where this row begins; 0: none is known
};

/// The same, for a piece that begins at `offset`; the bookmark is left where the next is likely to begin.
[[nodiscard]] bool write_osdata(DocumentWindow& xml, std::uint64_t offset, std::string_view name, Target& target,
                                TableBookmark& bookmark);

}  // namespace toro::gdbstub
