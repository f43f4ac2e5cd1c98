// Which processors the machine has, by whichever table of the firmware tells.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/firmware/error.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware {

struct Processor {
  std::uint32_t apic_id = 0;  ///< above 254 only an x2APIC can reach it
  std::uint32_t node = 0;     ///< proximity domain of the SRAT; 0 where there is none
  bool enabled = false;       ///< else the machine may bring it online later: it does not answer now
};

inline constexpr std::size_t kMaxProcessors = 64;

enum class ProcessorSource : std::uint8_t { madt, mp_table, calling_core };

struct Discovery {
  ProcessorSource source = ProcessorSource::calling_core;
  std::size_t omitted = 0;  ///< entries for others than the kMaxProcessors that are kept
  /// Why a table was not used; nothing for one that was, or that was not needed. Without an SRAT every node is 0.
  std::optional<Error> madt_refusal, srat_refusal, mp_table_refusal;

  std::size_t count = 1;
  std::array<Processor, kMaxProcessors> storage{};

  /// The calling core first, the others as the table orders them, each APIC id once.
  [[nodiscard]] std::span<const Processor> processors() const { return {storage.data(), count}; }
};

/// Asks the MADT, else the MP table; a table that is broken, or that does not list the calling core, is refused whole.
/// Without either there is the calling core alone. Allocates nothing and needs no other part of the kernel: it may run
/// as soon as the reader can, on the core that booted. Where tables lie beyond what is mapped then (QEMU puts those of
/// pc and q35 at the end of the RAM below 4 GiB), the reader answers with an empty span and the refusals say
/// unreachable.
///
/// `root_pointer` is the RSDP's address as the loader told it, 0 where the loader says that there is none (PVH:
/// StartInfo::rsdp as it is); nothing where the loader is one that does not know, and low memory is searched.
///
/// An entry is a claim: qboot numbers APIC ids without gaps even where `-smp` sockets leave some, and SeaBIOS's MP
/// table has only the first core of each socket. A processor that does not answer when started is none.
[[nodiscard]] Discovery discover_processors(const PhysicalMemory& memory, std::optional<std::uint64_t> root_pointer,
                                            std::uint32_t calling_apic_id);

}  // namespace toro::firmware
