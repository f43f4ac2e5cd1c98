// Ranks, and the messages between them. It is the application's code: a rank is a thread of the C library's.
#include <toro/core.hpp>
#include <toro/mpi.hpp>
#include <toro/sync.hpp>
#include <toro/thread.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <list>
#include <vector>

namespace toro::mpi {
namespace {

using detail::Bytes;
using detail::Combine;
using detail::MutableBytes;

/// Tags of messages that no program sends, by what they are for: a collective's are its own.
enum InternalTag : int { kEnd = -2, kBcast = -3, kReduce = -4, kScatter = -5, kGather = -6, kBarrier = -7 };

// By pointers, which are moved as a whole in a debug build too.
std::vector<std::byte> vector_of(Bytes bytes) {
  return {bytes.data(), bytes.data() + bytes.size()};
}
/// `to` is at least as long.
void copy(Bytes from, MutableBytes to) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

struct Message {
  int source = 0;
  int tag = 0;
  std::vector<std::byte> bytes;
};

struct Rank {
  int number = 0;
  std::vector<Rank*>& all;
  Channel<Message> channel{};
  std::list<Message> early{};                                   ///< came before somebody asked for them
  std::vector<bool> has_ended = std::vector<bool>(all.size());  ///< this one too: it sends while it waits for nobody

  [[nodiscard]] int count() const { return static_cast<int>(all.size()); }
  [[nodiscard]] bool is_rank(int other) const { return other >= 0 && other < count(); }
  void put(Bytes bytes, int to, int tag) const {
    all[static_cast<std::size_t>(to)]->channel.send({number, tag, vector_of(bytes)});
  }
  /// The next message that matches; nothing when none can come any more.
  std::optional<Message> take(int from, int tag);
};

thread_local Rank* self = nullptr;

bool matches(const Message& message, int from, int tag) {
  if (from != kAnySource && message.source != from) return false;
  return tag == kAnyTag ? message.tag >= 0 : message.tag == tag;
}

std::optional<Message> Rank::take(int from, int tag) {
  const auto found = std::ranges::find_if(early, [&](const Message& message) { return matches(message, from, tag); });
  if (found != early.end()) {
    Message message = std::move(*found);
    early.erase(found);
    return message;
  }
  for (;;) {
    auto message = channel.try_receive();
    if (!message) {
      const bool can_come =
          from == kAnySource ? std::ranges::contains(has_ended, false) : !has_ended[static_cast<std::size_t>(from)];
      if (!can_come) return std::nullopt;
      message = channel.receive();
    }
    if (message->tag == kEnd)
      has_ended[static_cast<std::size_t>(message->source)] = true;
    else if (matches(*message, from, tag))
      return message;
    else
      early.push_back(std::move(*message));
  }
}

/// Takes a message of a collective, which is as long as it must be.
Result<std::vector<std::byte>> take_exactly(int from, int tag, std::size_t size) {
  auto message = self->take(from, tag);
  if (!message) return std::unexpected(Error::ended);
  if (message->bytes.size() != size) return std::unexpected(Error::truncate);
  return std::move(message->bytes);
}

/// What every collective asks first.
Result<> check_root(int root) {
  if (self == nullptr) return std::unexpected(Error::communicator);
  if (!self->is_rank(root)) return std::unexpected(Error::root);
  return {};
}

/// The tree of a collective has the root as number 0. [binomial tree: the parent lacks the lowest bit]
int relative(int root) {
  return (self->number - root + self->count()) % self->count();
}
int absolute(int number, int root) {
  return (number + root) % self->count();
}
/// The bits that a number in the tree may set to name its children, the highest first.
int highest_child_bit(int number) {
  const auto least = number == 0 ? std::bit_ceil(static_cast<unsigned>(self->count()))
                                 : static_cast<unsigned>(number) & -static_cast<unsigned>(number);
  return static_cast<int>(least >> 1U);
}

}  // namespace

std::string_view describe(Error error) {
  switch (error) {
    case Error::buffer:
      return "the buffer is not as long as it must be";
    case Error::count:
      return "the count is negative";
    case Error::type:
      return "there is no such type";
    case Error::tag:
      return "the tag is negative";
    case Error::communicator:
      return "the caller is no rank";
    case Error::rank:
      return "there is no such rank";
    case Error::root:
      return "there is no such rank, to be the root";
    case Error::operation:
      return "there is no such operation on the type";
    case Error::truncate:
      return "the message has another length than the buffer";
    case Error::no_memory:
      return "memory is out";
    case Error::ended:
      return "the rank that is waited for has ended";
  }
  return "unknown error";
}

void run(const std::function<void()>& program) {
  std::vector<Rank*> all(cores());
  Semaphore ready(0);
  Event go;
  Event done;
  std::atomic<std::size_t> running = all.size();
  bool is_off = false;
  const auto serve = [&] {
    Rank rank{.number = static_cast<int>(this_core()), .all = all};
    all[this_core()] = &rank;
    rank.has_ended[this_core()] = true;
    ready.release();
    go.wait();
    if (is_off) return;
    struct AtEnd {
      Rank& rank;
      std::atomic<std::size_t>& running;
      Event& done;
      ~AtEnd() {
        self = nullptr;
        for (int other = 0; other < rank.count(); ++other)
          if (other != rank.number) rank.put({}, other, kEnd);
        if (running.fetch_sub(1) == 1) done.set();
        done.wait();  // others may still send to this one
      }
    } const at_end{rank, running, done};
    self = &rank;
    program();
  };
  std::vector<Thread<void>> threads;
  threads.reserve(all.size());
  try {
    for (std::uint32_t core = 0; core < all.size(); ++core)
      threads.push_back(thread::create({.core = core, .name = "rank"}, serve));
  } catch (...) {
    is_off = true;
    go.set();
    threads.clear();
    throw;
  }
  for (std::size_t i = 0; i < all.size(); ++i) ready.acquire();
  go.set();
  for (auto& thread : threads) thread.join();
}

int rank() {
  return self == nullptr ? -1 : self->number;
}
int size() {
  return static_cast<int>(cores());
}
double wtime() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// By dissemination: in round i a rank tells the one 2^i further, and hears of the one 2^i before.
Result<> barrier() {
  if (self == nullptr) return std::unexpected(Error::communicator);
  const int count = self->count();
  for (int step = 1; step < count; step *= 2) {
    self->put({}, (self->number + step) % count, kBarrier);
    if (const auto heard = take_exactly((self->number - step + count) % count, kBarrier, 0); !heard)
      return std::unexpected(heard.error());
  }
  return {};
}

namespace detail {

Result<> send(Bytes bytes, int to, int tag) {
  if (self == nullptr) return std::unexpected(Error::communicator);
  if (!self->is_rank(to)) return std::unexpected(Error::rank);
  if (tag < 0) return std::unexpected(Error::tag);
  self->put(bytes, to, tag);
  return {};
}

Result<Status> recv(MutableBytes bytes, int from, int tag) {
  if (self == nullptr) return std::unexpected(Error::communicator);
  if (from != kAnySource && !self->is_rank(from)) return std::unexpected(Error::rank);
  if (tag < kAnyTag) return std::unexpected(Error::tag);
  const auto message = self->take(from, tag);
  if (!message) return std::unexpected(Error::ended);
  if (message->bytes.size() > bytes.size()) return std::unexpected(Error::truncate);
  copy(message->bytes, bytes);
  return Status{message->source, message->tag, message->bytes.size()};
}

Result<> bcast(MutableBytes bytes, int root) {
  if (const auto checked = check_root(root); !checked) return checked;
  const int number = relative(root);
  if (number != 0) {
    const auto got = take_exactly(absolute(number & (number - 1), root), kBcast, bytes.size());
    if (!got) return std::unexpected(got.error());
    copy(*got, bytes);
  }
  for (int bit = highest_child_bit(number); bit != 0; bit /= 2)
    if ((number | bit) < self->count()) self->put(bytes, absolute(number | bit, root), kBcast);
  return {};
}

Result<> reduce(Bytes from, MutableBytes to, const Combine& combine, int root) {
  if (const auto checked = check_root(root); !checked) return checked;
  const int number = relative(root);
  if (number == 0 && to.size() != from.size()) return std::unexpected(Error::buffer);
  std::vector<std::byte> sum = vector_of(from);
  for (int bit = 1; bit <= highest_child_bit(number); bit *= 2) {
    if ((number | bit) >= self->count()) break;
    const auto part = take_exactly(absolute(number | bit, root), kReduce, sum.size());
    if (!part) return std::unexpected(part.error());
    combine(sum, *part);
  }
  if (number == 0)
    copy(sum, to);
  else
    self->put(sum, absolute(number & (number - 1), root), kReduce);
  return {};
}

Result<> allreduce(Bytes from, MutableBytes to, const Combine& combine) {
  if (to.size() != from.size()) return std::unexpected(Error::buffer);
  return reduce(from, to, combine, 0).and_then([&] { return bcast(to, 0); });
}

Result<> scatter(Bytes from, MutableBytes to, int root) {
  if (const auto checked = check_root(root); !checked) return checked;
  if (self->number != root) {
    const auto got = take_exactly(root, kScatter, to.size());
    if (!got) return std::unexpected(got.error());
    copy(*got, to);
    return {};
  }
  if (from.size() != to.size() * self->all.size()) return std::unexpected(Error::buffer);
  for (int other = 0; other < self->count(); ++other) {
    const Bytes part = from.subspan(static_cast<std::size_t>(other) * to.size(), to.size());
    if (other == root)
      copy(part, to);
    else
      self->put(part, other, kScatter);
  }
  return {};
}

Result<> gather(Bytes from, MutableBytes to, int root) {
  if (const auto checked = check_root(root); !checked) return checked;
  if (self->number != root) {
    self->put(from, root, kGather);
    return {};
  }
  if (to.size() != from.size() * self->all.size()) return std::unexpected(Error::buffer);
  for (int other = 0; other < self->count(); ++other) {
    const MutableBytes place = to.subspan(static_cast<std::size_t>(other) * from.size(), from.size());
    if (other == root) {
      copy(from, place);
      continue;
    }
    const auto part = take_exactly(other, kGather, from.size());
    if (!part) return std::unexpected(part.error());
    copy(*part, place);
  }
  return {};
}

}  // namespace detail
}  // namespace toro::mpi
