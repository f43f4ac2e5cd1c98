// vhost-user. [QEMU docs/interop/vhost-user]
#include "sdk/vsock/vhost_user.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <format>

namespace toro::bridge {
namespace {

enum Request : std::uint32_t {
  kGetFeatures = 1,
  kSetFeatures = 2,
  kSetOwner = 3,
  kResetOwner = 4,
  kSetMemoryTable = 5,
  kSetQueueSize = 8,
  kSetQueueAddresses = 9,
  kSetQueueBase = 10,
  kGetQueueBase = 11,
  kSetQueueKick = 12,
  kSetQueueCall = 13,
  kSetQueueError = 14,
  kGetProtocolFeatures = 15,
  kSetProtocolFeatures = 16,
  kSetQueueEnable = 18,
  kGetConfiguration = 24,
};

constexpr std::uint32_t kVersion = 1, kVersionMask = 3, kIsReply = 4, kWantsReply = 8;
constexpr std::uint64_t kEventIndex = std::uint64_t{1} << 29, kProtocolFeatures = std::uint64_t{1} << 30,
                        kVersion1 = std::uint64_t{1} << 32;
constexpr std::uint64_t kReplyAck = 1 << 3, kConfiguration = 1 << 9;
constexpr std::uint64_t kNoDescriptor = 1 << 8, kIndexMask = 0xff;
constexpr std::size_t kMostPayload = 512, kMostRegions = 8;

struct QueueState {
  std::uint32_t index;
  std::uint32_t number;
};
struct QueueAddressMessage {
  std::uint32_t index;
  std::uint32_t flags;
  RingAddresses addresses;
  std::uint64_t log;
};
static_assert(sizeof(QueueAddressMessage) == 40);
struct MemoryTable {
  std::uint32_t count;
  std::uint32_t padding;
  std::array<MemoryRegion, kMostRegions> regions;
};
struct Configuration {
  std::uint32_t offset;
  std::uint32_t size;
  std::uint32_t flags;
};

}  // namespace

struct VhostUser::Message {
  struct Header {
    std::uint32_t request = 0;
    std::uint32_t flags = 0;
    std::uint32_t size = 0;
  } header;
  std::array<std::byte, kMostPayload> payload{};
  std::vector<FileDescriptor> files;

  template <class T>
  [[nodiscard]] T as() const {
    static_assert(sizeof(T) <= kMostPayload);
    T value;
    std::memcpy(&value, payload.data(), sizeof value);  // what was not sent is 0
    return value;
  }
  template <class T>
  void set(const T& value) {
    std::memcpy(payload.data(), &value, sizeof value);
    header.size = sizeof value;
  }
};

VhostUser::VhostUser(EventLoop& loop, FileDescriptor socket, Bridge& bridge)
    : loop_(loop), socket_(std::move(socket)), bridge_(bridge) {
  ready_ = loop_.watch(socket_.get(), POLLIN, [this](short) { readable(); });
}

void VhostUser::readable() {
  Message message;
  iovec part{&message.header, sizeof message.header};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostRegions)> control{};
  msghdr request{};
  request.msg_iov = &part;
  request.msg_iovlen = 1;
  request.msg_control = control.data();
  request.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(socket_.get(), &request, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  for (cmsghdr* header = CMSG_FIRSTHDR(&request); header != nullptr; header = CMSG_NXTHDR(&request, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(header) + i * sizeof file, sizeof file);
      message.files.emplace_back(file);
    }
  }
  if (count <= 0) {
    ended_ = true;
    return ready_.reset();
  }
  if (count != sizeof message.header || (message.header.flags & kVersionMask) != kVersion ||
      message.header.size > kMostPayload)
    throw Violation("a message of vhost-user has a header that makes no sense");
  if (message.header.size != 0 && ::recv(socket_.get(), message.payload.data(), message.header.size, MSG_WAITALL) !=
                                      static_cast<ssize_t>(message.header.size))
    throw Violation("a message of vhost-user is cut off");
  const bool wants_reply = (message.header.flags & kWantsReply) != 0 && (protocol_features_ & kReplyAck) != 0;
  if (handle(message)) return answer(message);
  if (!wants_reply) return;
  message.set(std::uint64_t{0});
  answer(message);
}

void VhostUser::answer(const Message& message) {
  Message::Header header = message.header;
  header.flags = kVersion | kIsReply;
  std::array<iovec, 2> parts{
      {{&header, sizeof header}, {const_cast<std::byte*>(message.payload.data()), header.size}}};  // only read
  msghdr reply{};
  reply.msg_iov = parts.data();
  reply.msg_iovlen = parts.size();
  if (::sendmsg(socket_.get(), &reply, MSG_NOSIGNAL) < 0) ended_ = true;
}

Ring& VhostUser::ring(std::uint32_t index) {
  if (index == virtio::kVsockReceiveQueue) return bridge_.to_guest;
  if (index == virtio::kVsockTransmitQueue) return bridge_.from_guest;
  throw Violation(std::format("there is no queue {}", index));
}

bool VhostUser::handle(Message& message) {
  switch (message.header.request) {
    case kGetFeatures:
      message.set(kVersion1 | kEventIndex | kProtocolFeatures);
      return true;
    case kSetFeatures: {
      const auto features = message.as<std::uint64_t>();
      bridge_.to_guest.event_index = bridge_.from_guest.event_index = (features & kEventIndex) != 0;
      // Who knows no protocol features knows no kSetQueueEnable.
      if ((features & kProtocolFeatures) == 0) bridge_.to_guest.enabled = bridge_.from_guest.enabled = true;
      return false;
    }
    case kGetProtocolFeatures:
      message.set(kReplyAck | kConfiguration);
      return true;
    case kSetProtocolFeatures:
      protocol_features_ = message.as<std::uint64_t>();
      return false;
    case kSetMemoryTable:
      set_memory(message);
      return false;
    case kSetQueueSize: {
      const auto state = message.as<QueueState>();
      ring(state.index).set_size(state.number);
      return false;
    }
    case kSetQueueAddresses: {
      const auto queue = message.as<QueueAddressMessage>();
      ring(queue.index).set_addresses(bridge_.memory, queue.addresses);
      return false;
    }
    case kSetQueueBase: {
      const auto state = message.as<QueueState>();
      if (state.number == 0) bridge_.reset();
      ring(state.index).set_base(static_cast<std::uint16_t>(state.number));
      return false;
    }
    case kGetQueueBase: {
      const auto state = message.as<QueueState>();
      bridge_.pause();
      Ring& stopped = ring(state.index);
      stopped.stop();
      message.set(QueueState{state.index, stopped.base()});
      return true;
    }
    case kSetQueueKick:
      set_kick(message);
      return false;
    case kSetQueueCall:
      ring(message.as<std::uint64_t>() & kIndexMask).call =
          message.files.empty() ? FileDescriptor() : std::move(message.files[0]);
      return false;
    case kSetQueueEnable: {
      const auto state = message.as<QueueState>();
      ring(state.index).enabled = state.number != 0;
      bridge_.serve_queues();
      return false;
    }
    case kGetConfiguration: {
      const auto wanted = message.as<Configuration>();
      const std::uint64_t cid = kGuestCid;
      if (wanted.offset != 0 || wanted.size > sizeof cid) throw Violation("there is no such configuration");
      std::memcpy(message.payload.data() + sizeof wanted, &cid, wanted.size);
      message.header.size = sizeof wanted + wanted.size;
      return true;
    }
    case kSetOwner:
    case kResetOwner:
    case kSetQueueError:
      return false;
    default:
      throw Violation(std::format("request {} of vhost-user was not agreed", message.header.request));
  }
}

void VhostUser::set_memory(const Message& message) {
  const auto table = message.as<MemoryTable>();
  if (table.count > kMostRegions || table.count != message.files.size())
    throw Violation(std::format("{} regions of memory come with {} files", table.count, message.files.size()));
  GuestMemory memory;
  for (std::size_t i = 0; i < table.count; ++i) memory.map(table.regions[i], message.files[i]);
  replaced_.push_back(std::exchange(bridge_.memory, std::move(memory)));
}

void VhostUser::set_kick(Message& message) {
  const auto value = message.as<std::uint64_t>();
  Ring& kicked = ring(value & kIndexMask);
  if ((value & kNoDescriptor) != 0 || message.files.empty()) throw Violation("a queue is to be polled");
  kicked.kick = std::move(message.files[0]);
  kicked.kicked = loop_.watch(kicked.kick.get(), POLLIN, [this, &kicked](short) {
    std::uint64_t count = 0;
    static_cast<void>(::read(kicked.kick.get(), &count, sizeof count) == sizeof count);
    bridge_.serve_queues();
  });
  bridge_.serve_queues();
}

}  // namespace toro::bridge
