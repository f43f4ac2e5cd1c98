// Streams without a machine: what they transmit is kept, and the host's side is whatever a test makes of it.
#pragma once

#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "kernel/network/vsock/streams.hpp"

namespace toro::vsock::test {

inline constexpr std::uint32_t kGuest = 3, kHost = virtio::kVsockHostCid;

struct Sent {
  VsockHeader header;
  std::vector<std::byte> payload;
};

struct FakeLink final : Link {
  std::deque<Sent> sent;
  std::size_t most = 16;  ///< packets that it takes until they are taken out
  std::uint64_t time = 0;

  std::uint32_t cid() override { return kGuest; }
  std::uint64_t now() override { return time; }
  std::uint64_t random() override { return 0x1234'5678'9abc'def0; }
  std::size_t room() override { return sent.size() >= most ? 0 : most - sent.size(); }
  void transmit(const VsockHeader& header, Bytes payload) override {
    if (room() == 0) std::abort();
    sent.push_back({header, {payload.begin(), payload.end()}});
  }
};

struct Observer final : inet::Observer {
  int changes = 0;
  void changed() override { ++changes; }
};

inline Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// The streams of a guest, and packets of the host's.
struct World {
  FakeLink link;
  Streams streams;
  Observer observer;

  explicit World(std::size_t memory = std::size_t{1} << 20) : streams(link, memory) {}

  /// From the host's `from` to the guest's `to`; the host has room for 1 MB unless `change` says otherwise.
  template <class F>
  void host(VsockOperation operation, std::uint32_t from, std::uint32_t to, Bytes payload, F change) {
    VsockHeader header{.source_cid = kHost,
                       .destination_cid = kGuest,
                       .source_port = from,
                       .destination_port = to,
                       .length = static_cast<std::uint32_t>(payload.size()),
                       .operation = operation,
                       .buffer_space = 1 << 20};
    change(header);
    streams.input(header, payload);
    streams.pump();
  }
  void host(VsockOperation operation, std::uint32_t from, std::uint32_t to, Bytes payload = {}) {
    host(operation, from, to, payload, [](VsockHeader&) {});
  }
  /// The next packet that the guest transmitted.
  Sent next() {
    streams.pump();
    if (link.sent.empty()) return {};
    Sent first = std::move(link.sent.front());
    link.sent.pop_front();
    return first;
  }
  VsockOperation next_operation() { return next().header.operation; }

  /// A connection of the guest's that the host has taken.
  Connection& connected(std::uint32_t local = 5000, std::uint32_t remote = 80) {
    Connection& connection = **streams.connect(local, {kHost, remote}, &observer, inet::kSecond);
    if (next_operation() != VsockOperation::request) std::abort();
    host(VsockOperation::response, remote, local);
    return connection;
  }
};

}  // namespace toro::vsock::test
