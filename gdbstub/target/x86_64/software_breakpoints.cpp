#include "gdbstub/target/x86_64/software_breakpoints.hpp"

#include "gdbstub/target/x86_64/memory.hpp"

namespace toro::gdbstub::x86_64 {

std::size_t SoftwareBreakpoints::find(std::uint64_t address) const {
  std::size_t i = 0;
  while (i < count_ && entries_[i].address != address) ++i;
  return i;
}

bool SoftwareBreakpoints::is_patched(std::uint64_t address) const {
  const std::size_t i = find(address);
  return i < count_ && entries_[i].patched;
}

BreakpointResult SoftwareBreakpoints::insert(std::uint64_t address, Use use) {
  if (contains(address)) return BreakpointResult::done;
  if (count_ == kCapacity) return BreakpointResult::table_full;
  // Written back as it is: what cannot be written is refused now, not when the machine runs.
  std::byte original;
  if (!read_object(address, original) || !write_object(address, original)) return BreakpointResult::unmapped;
  entries_[count_++] = {address, original, false, use};
  return BreakpointResult::done;
}

void SoftwareBreakpoints::remove(std::uint64_t address) {
  const std::size_t i = find(address);
  if (i == count_) return;
  unpatch(entries_[i]);
  entries_[i] = entries_[--count_];
}

void SoftwareBreakpoints::patch_all_except(std::uint64_t but) {
  for (std::size_t i = 0; i < count_; ++i) {
    Entry& entry = entries_[i];
    if (entry.patched || entry.address == but || entry.use == Use::never) continue;
    entry.patched = read_object(entry.address, entry.original) && write_object(entry.address, kInt3);
  }
}

void SoftwareBreakpoints::unpatch(Entry& entry) {
  if (!entry.patched) return;
  entry.patched = false;
  // A program that wrote over its text since keeps what it wrote.
  std::byte present;
  if (!read_object(entry.address, present) || present != kInt3) return;
  static_cast<void>(write_object(entry.address, entry.original));
}

void SoftwareBreakpoints::unpatch_all() {
  for (std::size_t i = 0; i < count_; ++i) unpatch(entries_[i]);
}

bool SoftwareBreakpoints::unpatch(std::uint64_t address) {
  const std::size_t i = find(address);
  if (i == count_ || !entries_[i].patched) return false;
  unpatch(entries_[i]);
  return true;
}

}  // namespace toro::gdbstub::x86_64
