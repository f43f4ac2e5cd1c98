// MPI's functions for C. [MPI 4.1]
#include <toro/mpi.h>
#include <toro/mpi.hpp>

#include <atomic>
#include <functional>
#include <new>
#include <optional>
#include <utility>

namespace {

using toro::mpi::Error;
using toro::mpi::Result;
using toro::mpi::detail::Combine;
using toro::mpi::detail::combine_by;

template <class T>
int code_of(const Result<T>& result) {
  return result ? int{MPI_SUCCESS} : static_cast<int>(result.error());
}

/// `f` of a value of the C type that `type` names.
template <class F>
auto with_type(MPI_Datatype type, F f) -> decltype(f(int{})) {
  switch (type) {
    case MPI_CHAR:
      return f(char{});
    case MPI_BYTE:
      return f(static_cast<unsigned char>(0));
    case MPI_INT:
      return f(int{});
    case MPI_UNSIGNED:
      return f(unsigned{});
    case MPI_LONG:
      return f(long{});
    case MPI_UNSIGNED_LONG:
      return f(static_cast<unsigned long>(0));
    case MPI_LONG_LONG:
      return f(static_cast<long long>(0));
    case MPI_FLOAT:
      return f(float{});
    case MPI_DOUBLE:
      return f(double{});
  }
  return {};
}

std::optional<std::size_t> size_of(MPI_Datatype type) {
  return with_type(type, [](auto value) -> std::optional<std::size_t> { return sizeof value; });
}

/// Nothing where the type does not have it.
template <class T>
std::optional<Combine> combination(MPI_Op op) {
  const auto by = [](auto operation) {
    return combine_by<T>([operation](T a, T b) { return static_cast<T>(operation(a, b)); });
  };
  switch (op) {
    case MPI_MAX:
      return by([](T a, T b) { return std::max(a, b); });
    case MPI_MIN:
      return by([](T a, T b) { return std::min(a, b); });
    case MPI_SUM:
      return by(std::plus<>{});
    case MPI_PROD:
      return by(std::multiplies<>{});
    case MPI_LAND:
      return by(std::logical_and<>{});
    case MPI_LOR:
      return by(std::logical_or<>{});
    default:
      break;
  }
  if constexpr (std::is_integral_v<T>) {
    if (op == MPI_BAND) return by(std::bit_and<>{});
    if (op == MPI_BOR) return by(std::bit_or<>{});
    if (op == MPI_BXOR) return by(std::bit_xor<>{});
  }
  return std::nullopt;
}

Result<Combine> combine_of(MPI_Op op, MPI_Datatype type) {
  auto combine = with_type(type, [op](auto value) { return combination<decltype(value)>(op); });
  if (!combine) return std::unexpected(Error::operation);
  return std::move(*combine);
}

/// `buffer` as `count` elements for each of `times` ranks.
template <class T>
Result<std::span<T>> span_of(auto* buffer, int count, MPI_Datatype type, MPI_Comm comm, int times = 1) {
  if (comm != MPI_COMM_WORLD) return std::unexpected(Error::communicator);
  if (count < 0) return std::unexpected(Error::count);
  const auto size = size_of(type);
  if (!size) return std::unexpected(Error::type);
  if (buffer == nullptr && count != 0) return std::unexpected(Error::buffer);
  return std::span(static_cast<T*>(buffer), static_cast<std::size_t>(count) * *size * static_cast<std::size_t>(times));
}
Result<std::span<const std::byte>> bytes_of(const void* buffer, int count, MPI_Datatype type, MPI_Comm comm,
                                            int times = 1) {
  return span_of<const std::byte>(buffer, count, type, comm, times);
}
Result<std::span<std::byte>> room_of(void* buffer, int count, MPI_Datatype type, MPI_Comm comm, int times = 1) {
  return span_of<std::byte>(buffer, count, type, comm, times);
}

/// `f` of what both hold, or the first error.
template <class A, class B, class F>
int with_both(const Result<A>& a, const Result<B>& b, F f) {
  if (!a) return code_of(a);
  if (!b) return code_of(b);
  return code_of(f(*a, *b));
}

bool is_root(int root) {
  return toro::mpi::rank() == root;
}

}  // namespace

extern "C" {

int toro_mpi_run(int (*program)(void)) {
  std::atomic<int> first = 0;
  try {
    toro::mpi::run([&] {
      int none = 0;
      if (const int result = program(); result != 0) first.compare_exchange_strong(none, result);
    });
  } catch (const std::bad_alloc&) {
    return -1;
  }
  return first;
}

int MPI_Comm_rank(MPI_Comm comm, int* rank) {
  *rank = toro::mpi::rank();
  return comm == MPI_COMM_WORLD && *rank >= 0 ? MPI_SUCCESS : MPI_ERR_COMM;
}
int MPI_Comm_size(MPI_Comm comm, int* size) {
  *size = toro::mpi::size();
  return comm == MPI_COMM_WORLD ? MPI_SUCCESS : MPI_ERR_COMM;
}

int MPI_Send(const void* buffer, int count, MPI_Datatype type, int destination, int tag, MPI_Comm comm) {
  const auto bytes = bytes_of(buffer, count, type, comm);
  return bytes ? code_of(toro::mpi::detail::send(*bytes, destination, tag)) : code_of(bytes);
}

int MPI_Recv(void* buffer, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Status* status) {
  const auto room = room_of(buffer, count, type, comm);
  if (!room) return code_of(room);
  const auto received = toro::mpi::detail::recv(*room, source, tag);
  if (received && status != MPI_STATUS_IGNORE) *status = {received->source, received->tag, received->size};
  return code_of(received);
}

int MPI_Get_count(const MPI_Status* status, MPI_Datatype type, int* count) {
  const auto size = size_of(type);
  if (!size) return MPI_ERR_TYPE;
  *count = static_cast<int>(status->size / *size);
  return MPI_SUCCESS;
}

int MPI_Bcast(void* buffer, int count, MPI_Datatype type, int root, MPI_Comm comm) {
  const auto room = room_of(buffer, count, type, comm);
  return room ? code_of(toro::mpi::detail::bcast(*room, root)) : code_of(room);
}

int MPI_Reduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm) {
  const auto combine = combine_of(op, type);
  const auto room = is_root(root) ? room_of(to, count, type, comm) : std::span<std::byte>{};
  return with_both(bytes_of(from, count, type, comm), room, [&](auto bytes, auto result) -> Result<> {
    if (!combine) return std::unexpected(combine.error());
    return toro::mpi::detail::reduce(bytes, result, *combine, root);
  });
}

int MPI_Allreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  const auto combine = combine_of(op, type);
  return with_both(bytes_of(from, count, type, comm), room_of(to, count, type, comm),
                   [&](auto bytes, auto result) -> Result<> {
                     if (!combine) return std::unexpected(combine.error());
                     return toro::mpi::detail::allreduce(bytes, result, *combine);
                   });
}

int MPI_Scatter(const void* from, int send_count, MPI_Datatype send_type, void* to, int receive_count,
                MPI_Datatype receive_type, int root, MPI_Comm comm) {
  const auto all =
      is_root(root) ? bytes_of(from, send_count, send_type, comm, toro::mpi::size()) : std::span<const std::byte>{};
  return with_both(all, room_of(to, receive_count, receive_type, comm),
                   [&](auto bytes, auto part) { return toro::mpi::detail::scatter(bytes, part, root); });
}

int MPI_Gather(const void* from, int send_count, MPI_Datatype send_type, void* to, int receive_count,
               MPI_Datatype receive_type, int root, MPI_Comm comm) {
  const auto all =
      is_root(root) ? room_of(to, receive_count, receive_type, comm, toro::mpi::size()) : std::span<std::byte>{};
  return with_both(bytes_of(from, send_count, send_type, comm), all,
                   [&](auto part, auto result) { return toro::mpi::detail::gather(part, result, root); });
}

int MPI_Barrier(MPI_Comm comm) {
  return comm == MPI_COMM_WORLD ? code_of(toro::mpi::barrier()) : int{MPI_ERR_COMM};
}

double MPI_Wtime(void) {
  return toro::mpi::wtime();
}
}
