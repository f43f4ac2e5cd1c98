// A program on every core at once, whose copies send each other messages: a subset of MPI [MPI 4.1]. Each core is a
// rank. For C, and by the standard's own names: toro/mpi.h.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string_view>
#include <type_traits>

namespace toro::mpi {

/// The numbers are those of toro/mpi.h. [MPI 4.1 9.4]
enum class Error : std::int32_t {
  buffer = 1,        ///< a span is not as long as it must be
  count = 2,         ///< negative
  type = 3,          ///< no such type
  tag = 4,           ///< negative
  communicator = 5,  ///< the caller is no rank: it was not started by run()
  rank = 6,          ///< no such rank
  root = 8,          ///< no such rank
  operation = 10,    ///< no such operation, or none of that type
  truncate = 15,     ///< the message is longer than the room for it; it is gone
  no_memory = 34,
  ended = 75,  ///< the rank that is waited for has ended (MPI_ERR_PROC_FAILED)
};
/// For people. Any context.
[[nodiscard]] std::string_view describe(Error error);

template <class T = void>
using Result = std::expected<T, Error>;

inline constexpr int kAnySource = -1;
inline constexpr int kAnyTag = -1;

struct Status {
  int source;
  int tag;
  std::size_t size;  ///< of what was received: bytes
};

namespace detail {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
/// Combines `from` into `into`, element by element.
using Combine = std::function<void(MutableBytes into, Bytes from)>;

[[nodiscard]] Result<> send(Bytes bytes, int to, int tag);
[[nodiscard]] Result<Status> recv(MutableBytes bytes, int from, int tag);
[[nodiscard]] Result<> bcast(MutableBytes bytes, int root);
[[nodiscard]] Result<> reduce(Bytes from, MutableBytes to, const Combine& combine, int root);
[[nodiscard]] Result<> allreduce(Bytes from, MutableBytes to, const Combine& combine);
[[nodiscard]] Result<> scatter(Bytes from, MutableBytes to, int root);
[[nodiscard]] Result<> gather(Bytes from, MutableBytes to, int root);

template <class T, class F>
Combine combine_by(F operation) {
  return [operation](MutableBytes into, Bytes from) {
    auto* const to = reinterpret_cast<T*>(into.data());
    const auto* const with = reinterpret_cast<const T*>(from.data());
    for (std::size_t i = 0; i < into.size() / sizeof(T); ++i) to[i] = operation(to[i], with[i]);
  };
}

}  // namespace detail

template <class T>
concept Element = std::is_trivially_copyable_v<T>;

/// Calls `program` once on every core, each time as a rank, and returns when all have returned; what one of them throws
/// is thrown here. Threads only. Throws std::bad_alloc.
void run(const std::function<void()>& program);

// For ranks. What a call says of messages holds for the ranks' threads that run() started.

/// The caller's, from 0; -1 where it is none.
[[nodiscard]] int rank();
/// How many there are: cores().
[[nodiscard]] int size();

/// Copies the message and returns at once. Messages from one rank to another arrive in order. Errors: rank, tag.
template <Element T>
[[nodiscard]] Result<> send(std::span<const T> message, int to, int tag = 0) {
  return detail::send(std::as_bytes(message), to, tag);
}
template <Element T>
[[nodiscard]] Result<> send(const T& message, int to, int tag = 0) {
  return send(std::span<const T>(&message, 1), to, tag);
}
/// Waits for the next message of that rank and tag. Errors: rank, truncate; ended, instead of a wait without end.
template <Element T>
[[nodiscard]] Result<Status> recv(std::span<T> to, int from = kAnySource, int tag = kAnyTag) {
  return detail::recv(std::as_writable_bytes(to), from, tag);
}
template <Element T>
[[nodiscard]] Result<Status> recv(T& to, int from = kAnySource, int tag = kAnyTag) {
  return recv(std::span<T>(&to, 1), from, tag);
}

// Collective: every rank makes the call, with spans of the same length and the same root. Errors: root, truncate where
// lengths differ, ended.

/// What `data` is at the root it is then everywhere.
template <Element T>
[[nodiscard]] Result<> bcast(std::span<T> data, int root) {
  return detail::bcast(std::as_writable_bytes(data), root);
}
/// `to` of the root is then what `operation`, associative and commutative, makes of the `from` of all, element by
/// element. Elsewhere `to` may be empty.
template <Element T, std::invocable<T, T> F>
[[nodiscard]] Result<> reduce(std::span<const T> from, std::span<T> to, F operation, int root) {
  return detail::reduce(std::as_bytes(from), std::as_writable_bytes(to), detail::combine_by<T>(operation), root);
}
/// The same, with every rank as a root.
template <Element T, std::invocable<T, T> F>
[[nodiscard]] Result<> allreduce(std::span<const T> from, std::span<T> to, F operation) {
  return detail::allreduce(std::as_bytes(from), std::as_writable_bytes(to), detail::combine_by<T>(operation));
}
/// The root's `from` is as long as all `to` together, and is dealt out in order of ranks. Elsewhere it may be empty.
template <Element T>
[[nodiscard]] Result<> scatter(std::span<const T> from, std::span<T> to, int root) {
  return detail::scatter(std::as_bytes(from), std::as_writable_bytes(to), root);
}
/// The reverse.
template <Element T>
[[nodiscard]] Result<> gather(std::span<const T> from, std::span<T> to, int root) {
  return detail::gather(std::as_bytes(from), std::as_writable_bytes(to), root);
}
/// Returns when every rank has made the call.
[[nodiscard]] Result<> barrier();

/// Seconds since boot.
[[nodiscard]] double wtime();

}  // namespace toro::mpi
