// A counter that threads add to and wait for. [eventfd(2)]
#include <cstring>

#include "kernel/posix/event_calls.hpp"
#include "kernel/posix/shared_watches.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;

constexpr std::uint32_t kSemaphore = 1;
constexpr std::uint32_t kNonBlocking = 04000;
constexpr std::uint32_t kCloseOnExec = 02000000;
constexpr std::uint64_t kMost = UINT64_MAX - 1;

/// The first 8 bytes; both calls take no less.
filesystem::Result<std::byte*> word_of(std::span<const IoVector> vectors) {
  if (vectors.empty() || vectors[0].size < sizeof(std::uint64_t)) return failure(filesystem::Error::invalid);
  return vectors[0].base;
}

class EventCounter final : public Stream {
 public:
  EventCounter(std::uint64_t count, bool is_semaphore)
      : Stream(StreamKind::event), count_(count), is_semaphore_(is_semaphore) {}

  FileResult read(std::span<const IoVector> to) override {
    std::byte* const word = TRY(word_of(to));
    std::uint64_t taken = 0;
    TRY(watches_.until_done(!is_non_blocking, "an event counter", [&]() -> FileResult {
      if (count_ == 0) return SharedWatches::kAgain;
      taken = is_semaphore_ ? 1 : count_;
      count_ -= taken;
      return 0;
    }));
    watches_.raise();
    std::memcpy(word, &taken, sizeof taken);
    return sizeof taken;
  }

  FileResult write(std::span<const IoVector> from) override {
    std::uint64_t added;
    std::memcpy(&added, TRY(word_of(from)), sizeof added);
    if (added > kMost) return failure(filesystem::Error::invalid);
    TRY(watches_.until_done(!is_non_blocking, "room in an event counter", [&]() -> FileResult {
      if (added > kMost - count_) return SharedWatches::kAgain;
      count_ += added;
      return 0;
    }));
    watches_.raise();
    return sizeof added;
  }

  FileResult control(std::uint32_t, void*) override { return std::unexpected(kNotATerminal); }

  Events poll(inet::Watch* watch) override {
    return watches_.watch(watch,
                          [&] { return static_cast<Events>((count_ != 0 ? kIn : 0) | (count_ < kMost ? kOut : 0)); });
  }
  void unwatch(inet::Watch& watch) override { watches_.unwatch(watch); }
  void close() override { inet::dispose(this); }

 private:
  SharedWatches watches_;
  std::uint64_t count_;
  bool is_semaphore_;
};

FileResult create(std::uint32_t count, std::uint32_t flags) {
  if ((flags & ~(kSemaphore | kNonBlocking | kCloseOnExec)) != 0) return failure(filesystem::Error::invalid);
  auto descriptor = TRY(NewDescriptor::reserve());
  auto* const counter = inet::make<EventCounter>(count, (flags & kSemaphore) != 0);
  if (counter == nullptr) return failure(filesystem::Error::no_memory);
  counter->is_non_blocking = (flags & kNonBlocking) != 0;
  return descriptor.open(*counter, (flags & kCloseOnExec) != 0);
}

}  // namespace

FileResult call_eventfd(SyscallFrame& frame) {
  return create(frame.value<std::uint32_t>(0), 0);
}
FileResult call_eventfd2(SyscallFrame& frame) {
  return create(frame.value<std::uint32_t>(0), frame.value<std::uint32_t>(1));
}

}  // namespace toro::posix
