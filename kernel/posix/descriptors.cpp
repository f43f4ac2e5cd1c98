// Descriptors of open files.
#include "kernel/posix/descriptors.hpp"

#include <optional>

#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/network/object.hpp"
#include "kernel/posix/number_set.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {
namespace {

using Chunk = DescriptorChunk;
using Kind = DescriptorKind;
using Slot = DescriptorSlot;

constinit Chunk first_chunk{{{.kind = Kind::console}, {.kind = Kind::console}, {.kind = Kind::console}}};

}  // namespace

constinit DescriptorChunk* descriptor_chunks[] = {&first_chunk};

namespace {

using filesystem::Error;
using filesystem::failure;
using filesystem::OpenFile;

constexpr std::int32_t kMost = kMostDescriptors;

constinit arch::SpinLock lock;
constinit NumberSet<kMostDescriptors> numbers(3);
static_assert(decltype(numbers)::kWord == Chunk::kSlots);
constinit DescriptorLimit limit{kFirstLimit, kMostDescriptors};

/// Holding the lock, as the following.
Chunk*& chunk_of(std::size_t number) {
  return descriptor_chunks[number / Chunk::kSlots];
}

Slot* find_slot(std::int32_t number) {
  if (number < 0 || number >= kMost) return nullptr;
  const auto at = static_cast<std::size_t>(number);
  if (chunk_of(at) == nullptr) return nullptr;
  Slot& slot = chunk_of(at)->slots[at % Chunk::kSlots];
  return slot.kind == Kind::free || slot.kind == Kind::reserved ? nullptr : &slot;
}

/// What it stood for; its part of the table is `unused` when it was the last of it.
Slot take_out(std::size_t number, Chunk*& unused) {
  const Slot old = std::exchange(chunk_of(number)->slots[number % Chunk::kSlots], {});
  numbers.remove(number);
  if (!numbers.has_any_beside(number) && chunk_of(number) != &first_chunk)
    unused = std::exchange(chunk_of(number), nullptr);
  return old;
}

Slot slot_of(OpenFile* file, Stream* stream, bool close_on_exec) {
  const Kind kind = file != nullptr ? Kind::file : stream != nullptr ? Kind::stream : Kind::console;
  return {file, stream, kind, close_on_exec};
}

/// `slot` takes the place that `choose()` gives, holding the lock; nothing where that has no part of the table yet.
template <class F>
std::optional<FileResult> try_put(Slot& slot, F choose, Chunk*& spare) {
  const arch::ThreadSpinLockGuard guard(lock);
  const filesystem::Result<std::size_t> chosen = choose();
  if (!chosen) return std::unexpected(chosen.error());
  Chunk*& chunk = chunk_of(*chosen);
  if (chunk == nullptr) chunk = std::exchange(spare, nullptr);
  if (chunk == nullptr) return std::nullopt;
  Slot& place = chunk->slots[*chosen % Chunk::kSlots];
  if (place.kind == Kind::reserved) return failure(Error::busy);
  numbers.add(*chosen);
  std::swap(slot, place);
  return static_cast<std::int64_t>(*chosen);
}

/// The same, with what is missing of the table; `slot` is what was there before.
template <class F>
FileResult put(Slot& slot, F choose) {
  Chunk* spare = nullptr;
  auto done = try_put(slot, choose, spare);
  while (!done) {
    spare = inet::make<Chunk>();
    if (spare == nullptr) return failure(Error::no_memory);
    done = try_put(slot, choose, spare);
    inet::dispose(spare);
  }
  return *done;
}

void hold(OpenFile* file, Stream* stream) {
  if (file != nullptr) file->references.fetch_add(1, std::memory_order_relaxed);
  if (stream != nullptr) stream->references.fetch_add(1, std::memory_order_relaxed);
}
void let_go(OpenFile* file, Stream* stream) {
  if (file != nullptr) filesystem::names().close(*file);
  if (stream != nullptr) posix::let_go(*stream);
}

/// Holding the lock.
filesystem::Result<std::size_t> lowest_free(std::int32_t lowest) {
  const auto from = static_cast<std::size_t>(lowest);
  if (lowest < 0 || (lowest > 0 && from >= limit.soft)) return failure(Error::invalid);
  const std::size_t number = numbers.lowest_free(from);
  if (number >= limit.soft) return failure(Error::too_many_open);
  return number;
}

/// What `slot` stands for is the table's from now on, or is let go of.
FileResult add(Slot slot, std::int32_t lowest) {
  const FileResult done = put(slot, [lowest] { return lowest_free(lowest); });
  let_go(slot.file, slot.stream);  // nothing, where it was taken
  return done;
}

}  // namespace

filesystem::Result<Descriptor> Descriptor::find(std::int32_t number) {
  const arch::ThreadSpinLockGuard guard(lock);
  const Slot* const slot = find_slot(number);
  if (slot == nullptr) return failure(Error::bad_file);
  hold(slot->file, slot->stream);
  return Descriptor(slot->file, slot->stream);
}

void Descriptor::release() {
  let_go(file_, stream_);
}

FileResult Descriptor::duplicate(std::int32_t lowest, bool close_on_exec) {
  hold(file_, stream_);
  return add(slot_of(file_, stream_, close_on_exec), lowest);
}

FileResult Descriptor::duplicate_to(std::int32_t number, bool close_on_exec) {
  hold(file_, stream_);
  Slot slot = slot_of(file_, stream_, close_on_exec);
  const FileResult done = put(slot, [number]() -> filesystem::Result<std::size_t> {
    if (number < 0 || static_cast<std::uint64_t>(number) >= limit.soft) return failure(Error::bad_file);
    return static_cast<std::size_t>(number);
  });
  let_go(slot.file, slot.stream);  // what was there before or, where that failed, was to be
  if (!done && done.error() == Error::busy) process::scheduler().yield();  // the C library asks until it is not
  return done;
}

filesystem::Result<NewDescriptor> NewDescriptor::reserve() {
  Slot slot{.kind = Kind::reserved};
  return NewDescriptor(static_cast<std::size_t>(TRY(put(slot, [] { return lowest_free(0); }))));
}

std::int64_t NewDescriptor::open(OpenFile& file, bool close_on_exec) {
  return become(slot_of(&file, nullptr, close_on_exec));
}
std::int64_t NewDescriptor::open(Stream& stream, bool close_on_exec) {
  return become(slot_of(nullptr, &stream, close_on_exec));
}

std::int64_t NewDescriptor::become(const Slot& slot) {
  const std::size_t number = std::exchange(number_, kNone);
  const arch::ThreadSpinLockGuard guard(lock);
  chunk_of(number)->slots[number % Chunk::kSlots] = slot;
  return static_cast<std::int64_t>(number);
}

void NewDescriptor::give_back() const {
  Chunk* unused = nullptr;
  {
    const arch::ThreadSpinLockGuard guard(lock);
    static_cast<void>(take_out(number_, unused));
  }
  inet::dispose(unused);
}

FileResult close_descriptor(std::int32_t number) {
  Slot old;
  Chunk* unused = nullptr;
  {
    const arch::ThreadSpinLockGuard guard(lock);
    if (find_slot(number) == nullptr) return failure(Error::bad_file);
    old = take_out(static_cast<std::size_t>(number), unused);
  }
  inet::dispose(unused);
  let_go(old.file, old.stream);
  return 0;
}

void close_all_streams() {
  constexpr auto kStep = static_cast<std::int32_t>(Chunk::kSlots);
  for (std::int32_t first = 0; first < kMost; first += kStep) {
    if (chunk_of(static_cast<std::size_t>(first)) == nullptr) continue;
    for (std::int32_t number = first; number < first + kStep; ++number) {
      const auto descriptor = Descriptor::find(number);
      if (descriptor && descriptor->stream() != nullptr) static_cast<void>(close_descriptor(number));
    }
  }
}

filesystem::Result<bool> closes_on_exec(std::int32_t number) {
  const arch::ThreadSpinLockGuard guard(lock);
  const Slot* const slot = find_slot(number);
  if (slot == nullptr) return failure(Error::bad_file);
  return slot->close_on_exec;
}

FileResult set_close_on_exec(std::int32_t number, bool close_on_exec) {
  const arch::ThreadSpinLockGuard guard(lock);
  Slot* const slot = find_slot(number);
  if (slot == nullptr) return failure(Error::bad_file);
  slot->close_on_exec = close_on_exec;
  return 0;
}

DescriptorLimit descriptor_limit() {
  const arch::ThreadSpinLockGuard guard(lock);
  return limit;
}

FileResult set_descriptor_limit(DescriptorLimit wanted) {
  if (wanted.soft > wanted.hard) return failure(Error::invalid);
  if (wanted.hard > kMostDescriptors) return failure(Error::not_permitted);
  const arch::ThreadSpinLockGuard guard(lock);
  limit = wanted;
  return 0;
}

}  // namespace toro::posix
