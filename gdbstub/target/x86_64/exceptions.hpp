// An exception as a signal and as a sentence. [SDM 3A 6.15]
#pragma once

#include <cstdint>
#include <string_view>

#include "gdbstub/protocol/text_writer.hpp"
#include "gdbstub/protocol/types.hpp"

namespace toro::gdbstub::x86_64 {

[[nodiscard]] Signal signal_of(std::uint64_t vector);

/// "page fault: write to 0x0, which is not mapped".
void describe_exception(TextWriter& out, std::uint64_t vector, std::uint64_t error_code, std::uint64_t cr2);

}  // namespace toro::gdbstub::x86_64
