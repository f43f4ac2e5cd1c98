// What the protocol asks of the machine that is debugged. All of it is called while that machine stands still.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "gdbstub/protocol/register_set.hpp"
#include "gdbstub/protocol/text_writer.hpp"
#include "gdbstub/protocol/types.hpp"

namespace toro::gdbstub {

class Target {
 public:
  [[nodiscard]] virtual const RegisterSet& register_set() const = 0;
  /// Little-endian, as many bytes as the declaration has. False: this thread's value is not known.
  [[nodiscard]] virtual bool read_register(ThreadId thread, std::size_t number, std::span<std::byte> value) = 0;
  /// False: no such register there, or a value that the processor would refuse.
  [[nodiscard]] virtual bool write_register(ThreadId thread, std::size_t number, std::span<const std::byte> value) = 0;

  /// How many bytes were read before the first that could not be.
  [[nodiscard]] virtual std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) = 0;
  /// How many bytes were written before the first that could not be. Read-only text can.
  [[nodiscard]] virtual std::size_t write_memory(std::uint64_t address, std::span<const std::byte> from) = 0;
  /// The largest region around `address` with one set of rights, as far as finding it is cheap.
  [[nodiscard]] virtual MemoryRegion region_at(std::uint64_t address) = 0;

  /// Inserting twice is inserting once; removing what is not there succeeds. [GDB RSP, Packets, "z"]
  [[nodiscard]] virtual BreakpointResult insert_breakpoint(const Breakpoint& breakpoint) = 0;
  [[nodiscard]] virtual BreakpointResult remove_breakpoint(const Breakpoint& breakpoint) = 0;
  virtual void remove_all_breakpoints() = 0;
  /// One line for each, for people.
  virtual void list_breakpoints(TextWriter& out) = 0;

  /// Where the image is, and where its file says.
  [[nodiscard]] virtual ImagePlace image() const = 0;

  /// The descriptions of the kernel's objects.
  [[nodiscard]] virtual TableRange tables() const = 0;
  /// Cores that the machine has, and where a core's copy of a per-core variable lies; nothing for one without copies.
  [[nodiscard]] virtual unsigned core_count() const = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> core_copy(unsigned core, std::uint64_t variable) const = 0;

  /// The first thread; there always is one.
  virtual void first_thread(Thread& thread) = 0;
  /// Replaces `thread` by the one after it, or returns false.
  [[nodiscard]] virtual bool next_thread(Thread& thread) = 0;
  /// Whether this can be done at all; a request that cannot is refused before anything runs.
  [[nodiscard]] virtual bool can_resume(const ResumeRequest& request) = 0;
  /// Whether it can go backwards.
  [[nodiscard]] virtual bool can_reverse() const { return false; }

 protected:
  constexpr Target() = default;
  ~Target() = default;
};

/// Finds a thread by its number.
[[nodiscard]] inline bool find_thread(Target& target, ThreadId id, Thread& thread) {
  target.first_thread(thread);
  do {
    if (thread.id == id) return true;
  } while (target.next_thread(thread));
  return false;
}

}  // namespace toro::gdbstub
