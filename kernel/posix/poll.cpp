// Waits until one of several descriptors is ready. [poll(2), select(2)]
#include <bit>

#include <memory>
#include <optional>

#include "kernel/network/environment.hpp"
#include "kernel/network/object.hpp"
#include "kernel/posix/console_input.hpp"
#include "kernel/posix/event_calls.hpp"
#include "kernel/posix/time.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;

constexpr auto kInterrupted = static_cast<filesystem::Error>(4);
struct PollEntry {
  std::int32_t number;
  Events wanted;
  Events found;
};

/// A descriptor that is polled: held, and watched where it is a stream.
struct Polled {
  std::optional<Descriptor> descriptor;
  inet::Watch watch;
  bool is_watched = false;
};

/// What is the case of a descriptor now; where one `waits`, a change of a stream raises its watch from then on.
Events look(Polled& polled, Events wanted, bool waits) {
  constexpr Events kAlways = kError | kHangUp | kInvalid;
  if (!polled.descriptor) return kInvalid;
  Stream* const stream = pollable(*polled.descriptor);
  if (stream == nullptr) return wanted & (kIn | kOut);  // files are always ready
  polled.is_watched = waits;
  return stream->poll(waits ? &polled.watch : nullptr) & (wanted | kAlways);
}

/// Of all descriptors; how many are ready. Behind the first that is, none is watched.
std::int64_t look_at_all(std::span<PollEntry> entries, std::span<Polled> polled, bool waits) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool is_left_out = entries[i].number < 0;
    entries[i].found = is_left_out ? Events{0} : look(polled[i], entries[i].wanted, waits && count == 0);
    if (entries[i].found != 0) ++count;
  }
  return count;
}

void unwatch_all(std::span<Polled> polled) {
  for (Polled& one : polled)
    if (std::exchange(one.is_watched, false)) pollable(*one.descriptor)->unwatch(one.watch);
}

FileResult poll_held(std::span<PollEntry> entries, std::span<Polled> polled, std::uint64_t deadline) {
  std::atomic<std::uint32_t> raised = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    polled[i].watch.raised = &raised;
    if (entries[i].number < 0) continue;
    if (auto descriptor = Descriptor::find(entries[i].number)) polled[i].descriptor.emplace(std::move(*descriptor));
  }
  bool has_waited = false;
  for (bool is_last = deadline == 0;;) {
    raised = 0;
    const std::int64_t count = look_at_all(entries, polled, !is_last);
    const bool is_done = count != 0 || is_last;
    Result waited = 0;
    if (!is_done) {
      waited = wait_futex(reinterpret_cast<const std::uint32_t*>(&raised), 0, "poll", deadline);
      has_waited = true;
    }
    unwatch_all(polled);
    if (is_done) {
      // Who asks without ever having to wait lets the stack's thread run all the same.
      if (!has_waited) process::scheduler().yield();
      return count;
    }
    if (waited == posix::failure(Error::interrupted)) return std::unexpected(kInterrupted);
    is_last = waited == posix::failure(Error::timed_out);
  }
}

/// `deadline` 0: nothing is waited for.
FileResult poll(std::span<PollEntry> entries, std::uint64_t deadline) {
  if (entries.size() > descriptor_limit().soft) return failure(filesystem::Error::invalid);
  auto* const polled = static_cast<Polled*>(heap::allocate(std::max(entries.size(), std::size_t{1}) * sizeof(Polled)));
  if (polled == nullptr) return failure(filesystem::Error::no_memory);
  std::uninitialized_value_construct_n(polled, entries.size());
  const FileResult result = poll_held(entries, {polled, entries.size()}, deadline);
  std::destroy_n(polled, entries.size());
  heap::free(polled);
  return result;
}

filesystem::Result<std::uint64_t> deadline_of(const TimeSpec* time) {
  if (time == nullptr) return process::kNoDeadline;
  if (!is_valid(*time)) return failure(filesystem::Error::invalid);
  const std::uint64_t duration = nanoseconds_of(*time);
  return duration == 0 ? 0 : deadline_after(duration);
}

/// Bits of descriptors.
using Words = std::uint64_t*;
bool is_set(Words words, std::size_t bit) {
  return words != nullptr && (words[bit / 64] >> bit % 64 & 1) != 0;
}
std::int64_t put(Words words, std::size_t bit, bool value) {
  if (words == nullptr) return 0;
  const std::uint64_t mask = std::uint64_t{1} << bit % 64;
  words[bit / 64] = value ? words[bit / 64] | mask : words[bit / 64] & ~mask;
  return value ? 1 : 0;
}

FileResult select(const SyscallFrame& frame, std::uint64_t deadline) {
  const std::size_t count = frame.argument(0);
  if (count > static_cast<std::size_t>(kMostSelected)) return failure(filesystem::Error::invalid);
  const Words sets[] = {frame.pointer<std::uint64_t>(1), frame.pointer<std::uint64_t>(2),
                        frame.pointer<std::uint64_t>(3)};
  constexpr Events kWanted[] = {kIn, kOut, 0};
  constexpr Events kMeans[] = {kIn | kHangUp | kError, kOut | kError, 0};
  auto* const entries = static_cast<PollEntry*>(heap::allocate((count + 1) * sizeof(PollEntry)));
  if (entries == nullptr) return failure(filesystem::Error::no_memory);
  std::size_t used = 0;
  for (std::size_t bit = 0; bit < count; ++bit) {
    Events wanted = 0;
    bool is_there = false;
    for (std::size_t i = 0; i < std::size(sets); ++i)
      if (is_set(sets[i], bit)) {
        wanted |= kWanted[i];
        is_there = true;
      }
    if (is_there) entries[used++] = {static_cast<std::int32_t>(bit), wanted, 0};
  }
  FileResult result = poll({entries, used}, deadline);
  if (result) {
    std::int64_t ready = 0;
    for (const PollEntry& entry : std::span(entries, used)) {
      if ((entry.found & kInvalid) != 0) result = failure(filesystem::Error::bad_file);
      const auto bit = static_cast<std::size_t>(entry.number);
      for (std::size_t i = 0; i < std::size(sets); ++i)
        if (is_set(sets[i], bit)) ready += put(sets[i], bit, (entry.found & kMeans[i]) != 0);
    }
    if (result) result = ready;
  }
  heap::free(entries);
  return result;
}

std::span<PollEntry> entries_of(const SyscallFrame& frame) {
  return {frame.pointer<PollEntry>(0), frame.argument(1)};
}

}  // namespace

FileResult call_poll(SyscallFrame& frame) {
  const auto milliseconds = frame.value<std::int32_t>(2);
  if (milliseconds < 0) return poll(entries_of(frame), process::kNoDeadline);
  if (milliseconds == 0) return poll(entries_of(frame), 0);
  return poll(entries_of(frame), deadline_after(static_cast<std::uint64_t>(milliseconds) * inet::kMillisecond));
}

FileResult call_ppoll(SyscallFrame& frame) {
  return poll(entries_of(frame), TRY(deadline_of(frame.pointer<const TimeSpec>(2))));
}

/// [select(2)]: the time is a struct timeval.
FileResult call_select(SyscallFrame& frame) {
  const auto* const time = frame.pointer<const TimeSpec>(4);
  if (time == nullptr) return select(frame, process::kNoDeadline);
  const TimeSpec exact{time->seconds + time->nanoseconds / 1'000'000, time->nanoseconds % 1'000'000 * 1000};
  return select(frame, TRY(deadline_of(&exact)));
}

FileResult call_pselect(SyscallFrame& frame) {
  return select(frame, TRY(deadline_of(frame.pointer<const TimeSpec>(4))));
}

}  // namespace toro::posix
