#include "sdk/cli/dump/dump_target.hpp"

#include <algorithm>
#include <cstring>

#include "gdbstub/protocol/cell_text.hpp"
#include "gdbstub/target/x86_64/exceptions.hpp"
#include "gdbstub/target/x86_64/register_table.hpp"
#include "gdbstub/target/x86_64/saved_registers.hpp"

namespace toro::cli {
namespace {

using namespace gdbstub;
using namespace gdbstub::x86_64;

const DumpedSegment& segment(const DumpedProcessor& processor, Selector which) {
  switch (which) {
    case Selector::cs:
      return processor.cs;
    case Selector::ss:
      return processor.ss;
    case Selector::ds:
      return processor.ds;
    case Selector::es:
      return processor.es;
    case Selector::fs:
      return processor.fs;
    case Selector::gs:
      return processor.gs;
  }
  return processor.cs;
}

/// Of the control registers QEMU dumps these.
std::optional<std::uint64_t> control(const DumpedProcessor& processor, Control which) {
  switch (which) {
    case Control::cr0:
      return processor.cr[0];
    case Control::cr2:
      return processor.cr[2];
    case Control::cr3:
      return processor.cr[3];
    case Control::cr4:
      return processor.cr[4];
    case Control::cr8:
    case Control::efer:
      return std::nullopt;
  }
  return std::nullopt;
}

/// A register of what runs on a core, but for those that no dump has.
std::optional<std::uint64_t> running(const Register& declared, const DumpedProcessor& processor,
                                     const arch::TrapFrame& frame) {
  std::uint64_t value = 0;
  switch (static_cast<Bank>(declared.bank)) {
    case Bank::frame:
      std::memcpy(&value, reinterpret_cast<const std::byte*>(&frame) + declared.place, sizeof value);
      return value;
    case Bank::selector:
      return segment(processor, static_cast<Selector>(declared.place)).selector;
    case Bank::base:
      return static_cast<SegmentBase>(declared.place) == SegmentBase::fs ? processor.fs.base : processor.gs.base;
    case Bank::control:
      return control(processor, static_cast<Control>(declared.place));
    case Bank::x87:
    case Bank::x87_word:
    case Bank::sse:
    case Bank::mxcsr:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

DumpTarget::DumpTarget(const DumpedKernel& kernel) : kernel_(kernel), threads_(kernel) {
  const unsigned core = kernel_.panicking().value_or(0);
  if (!kernel_.has_panic_frame(core)) {
    description_ = kernel_.panicking() ? "the kernel panicked" : "a memory dump";
    return;
  }
  const arch::TrapFrame& frame = *kernel_.frame_of(core);
  CellText text;
  describe_exception(text, frame.vector, frame.error_code, kernel_.processor(core)->cr[2]);
  description_ = text.view();
}

StopEvent DumpTarget::stop() const {
  const unsigned core = kernel_.panicking().value_or(0);
  const bool fault = kernel_.has_panic_frame(core);
  return {.reason = StopReason::exception,
          .signal = fault ? signal_of(kernel_.frame_of(core)->vector) : Signal::abort,
          .thread = threads_.running_on(core),
          .description = description_};
}

const RegisterSet& DumpTarget::register_set() const {
  return x86_64::register_set();
}

bool DumpTarget::read_register(ThreadId thread, std::size_t number, std::span<std::byte> value) {
  const Register& declared = register_set().registers[number];
  const Threads::Place place = threads_.place_of(thread);
  if (!place.runs && !of_core(declared))
    return read_saved(kernel_, thread, threads_.saved_frame(thread), number, value);
  const DumpedProcessor* processor = kernel_.processor(place.core);
  const arch::TrapFrame* frame = kernel_.frame_of(place.core);
  if (processor == nullptr || frame == nullptr) return false;
  const auto found = running(declared, *processor, *frame);
  if (!found) return false;
  std::memcpy(value.data(), &*found, value.size());
  return true;
}

std::size_t DumpTarget::read_memory(std::uint64_t address, std::span<std::byte> to) {
  std::size_t done = 0;
  while (done < to.size()) {
    const MemoryRegion region = walk(page_tables(), address + done);
    if (!region.mapped) break;
    const std::size_t size = std::min<std::uint64_t>(to.size() - done, region.start + region.size - (address + done));
    const std::size_t read = kernel_.read_memory(address + done, to.subspan(done, size));
    done += read;
    if (read < size) break;
  }
  return done;
}

PageTables DumpTarget::page_tables() const {
  constexpr std::uint64_t kLa57 = 1u << 12;
  const auto read_entry = [](const void* kernel, std::uint64_t physical, std::uint64_t& entry) {
    return static_cast<const DumpedKernel*>(kernel)->read(physical, entry);
  };
  const DumpedProcessor& processor = *kernel_.processor(0);
  return {processor.cr[3], (processor.cr[4] & kLa57) != 0 ? 5u : 4u, read_entry, &kernel_};
}

MemoryRegion DumpTarget::region_at(std::uint64_t address) {
  return x86_64::region_at(page_tables(), address);
}

}  // namespace toro::cli
