// A hostile guest behind the bridge: rings, descriptors and packets of any content, in any order. The bridge may not
// touch what is not the guest's, hang, or keep more than it promised; it may end by a Violation.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "sdk/vsock/bridge.hpp"
#include "tests/fuzz/virtio/input.hpp"

using namespace toro;
using namespace toro::bridge;
using toro::virtio::Descriptor;
using toro::virtio::test::Input;

namespace toro::cli {

// Nobody comes from outside.
FileDescriptor accept_client(const FileDescriptor&) {
  return {};
}

}  // namespace toro::cli

namespace {

constexpr std::uint16_t kEntries = 8;
constexpr std::uint64_t kBase = 0x10000;

/// Someone of the host who takes what comes and says a little, at a unix socket.
class Server {
 public:
  Server() : path_("/tmp/toro-fuzz-" + std::to_string(getpid())) {
    unlink(path_.c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 16) != 0)
      std::abort();
  }
  ~Server() { unlink(path_.c_str()); }

  void serve(bool reads, std::size_t says, bool ends) {
    for (int client; (client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
      clients_.push_back(client);
    std::array<char, 65536> buffer{};
    for (const int client : clients_) {
      if (reads) static_cast<void>(recv(client, buffer.data(), buffer.size(), 0));
      if (says != 0) static_cast<void>(send(client, buffer.data(), says, MSG_NOSIGNAL));
    }
    if (ends) leave();
  }
  void leave() {
    serve_none();
    for (const int client : clients_) close(client);
    clients_.clear();
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void serve_none() {
    for (int client; (client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) close(client);
  }
  std::string path_;
  int listener_ = -1;
  std::vector<int> clients_;
};

struct RingMemory {
  alignas(16) std::array<Descriptor, kEntries> descriptors;
  std::array<std::uint16_t, kEntries + 3> available;
  alignas(4) std::array<std::uint16_t, 2> used;
  std::array<virtio::UsedElement, kEntries> used_ring;
  std::uint16_t available_event;
};
struct Memory {
  std::array<RingMemory, 2> rings;
  std::array<std::array<std::byte, 2048>, kEntries> receive;
  std::array<std::array<std::byte, 2048>, kEntries> transmit;
};

class Guest {
 public:
  Guest(Input& input, Bridge& bridge) : input_(input), bridge_(bridge), memory_(std::make_unique<Memory>()) {
    std::memset(static_cast<void*>(memory_.get()), 0, sizeof(Memory));
    GuestMemory shared;
    shared.add({kBase, sizeof(Memory), kBase, 0}, reinterpret_cast<std::byte*>(memory_.get()));
    bridge_.memory = std::move(shared);
    const bool event_index = (input_.byte() & 1) != 0;
    for (std::size_t i = 0; i < 2; ++i) {
      Ring& ring = i == 0 ? bridge_.to_guest : bridge_.from_guest;
      RingMemory& of = memory_->rings[i];
      ring.set_size(kEntries);
      ring.event_index = event_index;
      ring.set_addresses(bridge_.memory,
                         {address(of.descriptors.data()), address(of.used.data()), address(of.available.data())});
      ring.set_base(0);
      ring.enabled = true;
      ring.kick = FileDescriptor(dup(STDERR_FILENO));
    }
    for (std::uint16_t i = 0; i < kEntries; ++i) {
      memory_->rings[0].descriptors[i] = {address(memory_->receive[i].data()), 2048, 2, 0};
      memory_->rings[1].descriptors[i] = {address(memory_->transmit[i].data()), 2048, 0, 0};
    }
  }

  void step() {
    switch (input_.byte() % 8) {
      case 0:
        return offer(0, input_.byte() % kEntries);
      case 1:
      case 2:
      case 3:
        return send_packet();
      case 4:
        return offer(input_.byte() & 1, static_cast<std::uint16_t>(input_.word()));
      case 5: {  // anything anywhere
        auto* const bytes = reinterpret_cast<std::byte*>(memory_.get());
        const std::size_t at = input_.word() % sizeof(RingMemory);
        for (const auto byte : input_.take(input_.byte() % 32))
          bytes[(at + bytes_++) % sizeof(Memory)] = std::byte{byte};
        return;
      }
      case 6: {
        Descriptor& descriptor = memory_->rings[input_.byte() & 1].descriptors[input_.byte() % kEntries];
        descriptor.length = input_.word() % 4096;
        descriptor.flags = input_.byte() & 7;
        descriptor.next = input_.byte() % (kEntries + 1);
        return;
      }
      default:
        bridge_.serve_queues();
    }
  }

 private:
  std::uint64_t address(const void* of) const {
    return kBase + static_cast<std::uint64_t>(static_cast<const std::byte*>(of) -
                                              reinterpret_cast<const std::byte*>(memory_.get()));
  }
  void offer(std::size_t which, std::uint16_t head) {
    RingMemory& ring = memory_->rings[which];
    ring.available[2 + ring.available[1] % kEntries] = head;
    std::atomic_ref(ring.available[1]).store(static_cast<std::uint16_t>(ring.available[1] + 1));
  }
  void send_packet() {
    const std::uint16_t index = next_++ % kEntries;
    const std::uint8_t shape = input_.byte();
    const std::size_t size = input_.byte() * std::size_t{(shape & 1) != 0 ? 7U : 1U};
    VsockHeader header{.source_cid = kGuestCid,
                       .destination_cid = 2,
                       .source_port = input_.byte() % 4U,
                       .destination_port = input_.byte() % 4U,
                       .length = static_cast<std::uint32_t>(size),
                       .operation = static_cast<VsockOperation>(input_.byte() % 9),
                       .flags = input_.byte() & 3U,
                       .buffer_space = 65536};
    if ((shape & 2) != 0) header.forwarded = input_.word();
    if ((shape & 4) != 0) header.buffer_space = input_.word();
    if ((shape & 8) != 0) header.length = input_.word();
    if ((shape & 16) != 0) header.type = static_cast<virtio::VsockType>(input_.byte());
    if ((shape & 32) != 0) header.source_cid = input_.byte();
    if ((shape & 64) != 0) header.destination_cid = input_.byte();
    std::memcpy(memory_->transmit[index].data(), &header, sizeof header);
    memory_->rings[1].descriptors[index].length = static_cast<std::uint32_t>(sizeof header + size);
    offer(1, index);
  }

  Input& input_;
  Bridge& bridge_;
  std::unique_ptr<Memory> memory_;
  std::uint16_t next_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static EventLoop loop;
  static Server server;
  Input input({data, size});
  {
    Bridge bridge(loop, {}, {{1, {server.path(), 0}}, {2, {server.path(), 0}}, {3, {"/nowhere", 0}}});
    try {
      Guest guest(input, bridge);
      while (!input.empty()) {
        if (input.byte() % 4 != 0) {
          guest.step();
          continue;
        }
        const std::uint8_t does = input.byte();
        server.serve((does & 1) != 0, (does & 2) != 0 ? input.byte() * 50U : 0U, (does & 12) == 12);
        bool is_over = false;
        const Registration end = loop.after(std::chrono::milliseconds(0), [&] { is_over = true; });
        loop.run_until([&] { return is_over; });
      }
    } catch (const Violation&) {
    }
  }
  server.leave();
  return 0;
}
