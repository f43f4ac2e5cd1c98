// Descriptors of open files.
#include "kernel/posix/descriptors.hpp"

#include "kernel/arch/x86_64/spin_lock.hpp"

namespace toro::posix {

constinit DescriptorSlot descriptor_slots[kMostDescriptors] = {
    {.kind = DescriptorKind::console}, {.kind = DescriptorKind::console}, {.kind = DescriptorKind::console}};

namespace {

using filesystem::Error;
using filesystem::failure;
using filesystem::OpenFile;

using Kind = DescriptorKind;
using Slot = DescriptorSlot;
constexpr std::int32_t kMost = kMostDescriptors;

constinit arch::SpinLock lock;

bool is_open(std::int32_t number) {
  return number >= 0 && number < kMost && descriptor_slots[number].kind != Kind::free;
}

Slot slot_of(OpenFile* file, Stream* stream, bool close_on_exec) {
  const Kind kind = file != nullptr ? Kind::file : stream != nullptr ? Kind::stream : Kind::console;
  return {file, stream, kind, close_on_exec};
}

FileResult add(Slot slot, std::int32_t lowest) {
  if (lowest < 0 || lowest >= kMost) return failure(Error::invalid);
  const arch::ThreadSpinLockGuard guard(lock);
  for (std::int32_t i = lowest; i < kMost; ++i)
    if (descriptor_slots[i].kind == Kind::free) {
      descriptor_slots[i] = slot;
      return i;
    }
  return failure(Error::too_many_open);
}

void hold(OpenFile* file, Stream* stream) {
  if (file != nullptr) file->references.fetch_add(1, std::memory_order_relaxed);
  if (stream != nullptr) stream->references.fetch_add(1, std::memory_order_relaxed);
}
void let_go(OpenFile* file, Stream* stream) {
  if (file != nullptr) filesystem::names().close(*file);
  if (stream != nullptr) posix::let_go(*stream);
}

}  // namespace

filesystem::Result<Descriptor> Descriptor::find(std::int32_t number) {
  const arch::ThreadSpinLockGuard guard(lock);
  if (!is_open(number)) return failure(Error::bad_file);
  const Slot& slot = descriptor_slots[number];
  hold(slot.file, slot.stream);
  return Descriptor(slot.file, slot.stream);
}

void Descriptor::release() {
  let_go(file_, stream_);
}

FileResult Descriptor::duplicate(std::int32_t lowest, bool close_on_exec) {
  const auto number = add(slot_of(file_, stream_, close_on_exec), lowest);
  if (number) hold(file_, stream_);
  return number;
}

FileResult Descriptor::duplicate_to(std::int32_t number, bool close_on_exec) {
  if (number < 0 || number >= kMost) return failure(Error::bad_file);
  hold(file_, stream_);
  Slot old;
  {
    const arch::ThreadSpinLockGuard guard(lock);
    old = std::exchange(descriptor_slots[number], slot_of(file_, stream_, close_on_exec));
  }
  let_go(old.file, old.stream);
  return number;
}

FileResult add_descriptor(OpenFile& file, bool close_on_exec) {
  auto number = add(slot_of(&file, nullptr, close_on_exec), 0);
  if (!number) let_go(&file, nullptr);
  return number;
}

FileResult add_descriptor(Stream& stream, bool close_on_exec) {
  auto number = add(slot_of(nullptr, &stream, close_on_exec), 0);
  if (!number) posix::let_go(stream);
  return number;
}

FileResult close_descriptor(std::int32_t number) {
  Slot old;
  {
    const arch::ThreadSpinLockGuard guard(lock);
    if (!is_open(number)) return failure(Error::bad_file);
    old = std::exchange(descriptor_slots[number], {});
  }
  let_go(old.file, old.stream);
  return 0;
}

filesystem::Result<bool> closes_on_exec(std::int32_t number) {
  const arch::ThreadSpinLockGuard guard(lock);
  if (!is_open(number)) return failure(Error::bad_file);
  return descriptor_slots[number].close_on_exec;
}

FileResult set_close_on_exec(std::int32_t number, bool close_on_exec) {
  const arch::ThreadSpinLockGuard guard(lock);
  if (!is_open(number)) return failure(Error::bad_file);
  descriptor_slots[number].close_on_exec = close_on_exec;
  return 0;
}

}  // namespace toro::posix
