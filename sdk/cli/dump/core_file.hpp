// A guest's memory and processors as QEMU's dump-guest-memory wrote them. [ELF core; QEMU target/i386/arch_dump.c]
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace toro::cli {

/// [QEMU target/i386/arch_dump.c, QEMUCPUSegment]
struct DumpedSegment {
  std::uint32_t selector, limit, flags, padding;
  std::uint64_t base;
};
static_assert(sizeof(DumpedSegment) == 24);

/// A processor. [QEMU target/i386/arch_dump.c, QEMUCPUState]
struct DumpedProcessor {
  std::uint32_t version, size;
  std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
  std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  std::uint64_t rip, rflags;
  DumpedSegment cs, ds, es, fs, gs, ss, ldt, tr, gdt, idt;
  std::array<std::uint64_t, 5> cr;
  std::uint64_t kernel_gs_base;
};
static_assert(sizeof(DumpedProcessor) == 8 + 18 * 8 + 10 * 24 + 6 * 8);

class CoreFile {
 public:
  /// Throws Failure that says what is wrong with the file.
  explicit CoreFile(const std::filesystem::path& file);
  CoreFile(const CoreFile&) = delete;
  CoreFile& operator=(const CoreFile&) = delete;
  ~CoreFile();

  struct Piece {
    std::uint64_t address;  ///< physical
    std::span<const std::byte> bytes;
  };
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  /// In QEMU's order.
  [[nodiscard]] const std::vector<DumpedProcessor>& processors() const { return processors_; }

  /// How many bytes were read before the first that the dump does not have.
  [[nodiscard]] std::size_t read(std::uint64_t address, std::span<std::byte> to) const;

 private:
  void take_notes(std::span<const std::byte> notes);

  std::span<const std::byte> file_;
  std::vector<Piece> pieces_;
  std::vector<DumpedProcessor> processors_;
};

}  // namespace toro::cli
