#include "sdk/cli/dump/dumped_kernel.hpp"

#include <cstring>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

arch::TrapFrame frame_from(const DumpedProcessor& from) {
  return {.r15 = from.r15,
          .r14 = from.r14,
          .r13 = from.r13,
          .r12 = from.r12,
          .r11 = from.r11,
          .r10 = from.r10,
          .r9 = from.r9,
          .r8 = from.r8,
          .rdi = from.rdi,
          .rsi = from.rsi,
          .rbp = from.rbp,
          .rbx = from.rbx,
          .rdx = from.rdx,
          .rcx = from.rcx,
          .rax = from.rax,
          .vector = 0,
          .error_code = 0,
          .rip = from.rip,
          .cs = from.cs.selector,
          .rflags = from.rflags,
          .rsp = from.rsp,
          .ss = from.ss.selector};
}

}  // namespace

DumpedKernel::DumpedKernel(const CoreFile& dump) : dump_(dump) {
  find_anchor();
  for (unsigned core = 0; core < core_count(); ++core)
    if (const DumpedProcessor* found = processor(core)) frames_.push_back(find_frame(core, *found));
}

void DumpedKernel::find_anchor() {
  for (const auto& [address, bytes] : dump_.pieces()) {
    for (std::size_t at = 0; at + sizeof anchor_ <= bytes.size(); at += alignof(tables::Anchor)) {
      if (std::memcmp(bytes.data() + at, tables::kAnchorMagic, sizeof tables::kAnchorMagic) != 0) continue;
      std::memcpy(&anchor_, bytes.data() + at, sizeof anchor_);
      if (anchor_.self == address + at) return;
    }
  }
  throw Failure(
      "the memory of a guest with a debug image was expected: in this dump there is no kernel with its tables, because "
      "the image is a release one, another kernel, or did not get so far in its boot");
}

DumpedKernel::Frame DumpedKernel::find_frame(unsigned core, const DumpedProcessor& from) const {
  Frame frame{.registers = frame_from(from), .of_panic = false};
  const auto copy = core_copy(core, reinterpret_cast<std::uint64_t>(anchor_.stopped_at));
  std::uint64_t where = 0;
  arch::TrapFrame found{};
  if (panicking() && copy && read(*copy, where) && where != 0 && read(where, found))
    frame = {.registers = found, .of_panic = true};
  return frame;
}

// The kernel maps memory where it is, so the dump's physical addresses are the debugger's.
std::size_t DumpedKernel::read_memory(std::uint64_t address, std::span<std::byte> to) const {
  return dump_.read(address, to);
}

const arch::TrapFrame* DumpedKernel::frame_of(unsigned core) const {
  return core < frames_.size() ? &frames_[core].registers : nullptr;
}

// QEMU numbers its processors as it numbers their APICs, unless a topology leaves gaps.
const DumpedProcessor* DumpedKernel::processor(unsigned core) const {
  return core < dump_.processors().size() ? &dump_.processors()[core] : nullptr;
}

std::optional<unsigned> DumpedKernel::panicking() const {
  std::uint32_t core = 0;
  if (!read(reinterpret_cast<std::uint64_t>(anchor_.panicking), core) || core == 0 || core > arch::kMaxCores)
    return std::nullopt;
  return core - 1;
}

}  // namespace toro::cli
