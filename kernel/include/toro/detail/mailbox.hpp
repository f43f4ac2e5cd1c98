// What Channel and the work for other cores are made of. Not for applications.
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::detail {

/// Something that can be sent to a core. Its sender's until it is put, its receiver's when it is taken.
struct Parcel {
  Parcel* next = nullptr;
};

/// Parcels for the threads of one core, in the order in which they arrive there. Zeroed memory is an empty one.
class Mailbox {
 public:
  /// Puts `parcel` into a mailbox of `core`; returns at once. Parcels of one core arrive in order. Threads only.
  void put(std::uint32_t core, Parcel& parcel);

  /// What goes along in the message itself, so that no memory of one core is touched by the other.
  struct alignas(16) Carried {
    std::byte bytes[32];
  };
  /// Makes a parcel of that, on the receiving core and with interrupts off. Null: there is no memory.
  using Pack = Parcel* (*)(const Carried& carried);
  /// The same with what `pack` makes of it. A panic where the receiving core has no memory left.
  void put(std::uint32_t core, Pack pack, const Carried& carried);

  /// The first parcel, or null. Threads of the mailbox's core only.
  [[nodiscard]] Parcel* take();

  /// The same, but waits: null when the deadline has passed or the caller was interrupted.
  [[nodiscard]] Parcel* wait(const char* what, std::uint64_t deadline);

  /// Takes in what other cores have sent to this one by now.
  static void collect();

 private:
  void arrive(Parcel& parcel);

  Parcel* first_ = nullptr;
  Parcel* last_ = nullptr;
  void* waiters_[2] = {};  // process::WaitQueue
};

}  // namespace toro::detail
