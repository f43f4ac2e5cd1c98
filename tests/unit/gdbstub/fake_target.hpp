// A machine of arrays and a line of strings, for the protocol's tests.
#pragma once

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "gdbstub/protocol/session.hpp"
#include "gdbstub/target/x86_64/debug_registers.hpp"
#include "gdbstub/target/x86_64/register_table.hpp"

namespace toro::gdbstub::test {

class FakeTransport final : public Transport {
 public:
  std::size_t receive(std::span<char>) override { return 0; }
  void send(std::span<const char> bytes) override { sent.append(bytes.data(), bytes.size()); }
  bool connected() const override { return true; }
  bool was_used() const override { return true; }

  std::string take() {
    std::string result = std::move(sent);
    sent.clear();
    return result;
  }

  std::string sent;
};

class FakeTarget final : public Target {
 public:
  static constexpr std::uint64_t kMemory = 0x1000;

  FakeTarget() : registers(3) {
    for (auto& thread : registers) {
      thread.resize(register_set().registers.size());
      for (std::size_t i = 0; i < thread.size(); ++i) {
        for (std::size_t j = 0; j < thread[i].size(); ++j) thread[i][j] = static_cast<std::byte>(16 * i + j);
      }
    }
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::byte>(i);
  }

  const RegisterSet& register_set() const override { return x86_64::register_set(); }
  bool read_register(ThreadId thread, std::size_t number, std::span<std::byte> value) override {
    const std::size_t index = static_cast<std::size_t>(thread) - 1;
    if (index >= registers.size() || (index != 0 && number == x86_64::rax)) return false;
    std::memcpy(value.data(), registers[index][number].data(), value.size());
    return true;
  }
  bool write_register(ThreadId thread, std::size_t number, std::span<const std::byte> value) override {
    const std::size_t index = static_cast<std::size_t>(thread) - 1;
    if (index >= registers.size() || register_set().registers[number].name == "cr3") return false;
    std::memcpy(registers[index][number].data(), value.data(), value.size());
    return true;
  }

  std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) override {
    accesses.push_back(to.size());
    if (address >= kHost) return read_host(address, to);
    const std::size_t size = available(address, to.size());
    if (size != 0) std::memcpy(to.data(), memory.data() + (address - kMemory), size);
    return size;
  }
  std::size_t write_memory(std::uint64_t address, std::span<const std::byte> from) override {
    const std::size_t size = available(address, from.size());
    if (size != 0) std::memcpy(memory.data() + (address - kMemory), from.data(), size);
    return size;
  }
  MemoryRegion region_at(std::uint64_t address) override {
    if (address < kMemory) return {.start = 0, .size = kMemory};
    if (address < kMemory + memory.size()) {
      return {.start = kMemory, .size = memory.size(), .mapped = true, .writable = true};
    }
    return {.start = kMemory + memory.size(), .size = 0 - (kMemory + memory.size())};
  }

  ImagePlace image() const override { return place; }

  BreakpointResult insert_breakpoint(const Breakpoint& breakpoint) override {
    if (breakpoint.kind != BreakpointKind::software) return hardware.insert(breakpoint);
    if (available(breakpoint.address, 1) == 0) return BreakpointResult::unmapped;
    software.push_back(breakpoint.address);
    return BreakpointResult::done;
  }
  BreakpointResult remove_breakpoint(const Breakpoint& breakpoint) override {
    if (breakpoint.kind == BreakpointKind::software) {
      std::erase(software, breakpoint.address);
    } else {
      hardware.remove(breakpoint);
    }
    return BreakpointResult::done;
  }
  void remove_all_breakpoints() override {
    software.clear();
    hardware.clear();
  }
  void list_breakpoints(TextWriter& out) override {
    for (const std::uint64_t address : software) out.hex(address), out.put('\n');
  }

  TableRange tables() const override { return described; }
  unsigned core_count() const override { return static_cast<unsigned>(core_distances.size()); }
  std::optional<std::uint64_t> core_copy(unsigned core, std::uint64_t variable) const override {
    if (core != 0 && core_distances[core] == 0) return std::nullopt;
    return variable + core_distances[core];
  }

  void first_thread(Thread& thread) override { fill(thread, 1); }
  bool next_thread(Thread& thread) override {
    const auto following = static_cast<std::uint32_t>(thread.id) + 1;
    if (following > thread_count) return false;
    fill(thread, following);
    return true;
  }
  bool can_resume(const ResumeRequest& request) override { return request.others_run || request.thread == ThreadId{1}; }
  bool can_reverse() const override { return reverses; }

  std::vector<std::vector<std::array<std::byte, kMaxRegisterBytes>>> registers;
  std::array<std::byte, 0x8000> memory = {};
  bool reverses = false;
  std::vector<std::size_t> accesses;
  std::vector<std::uint64_t> software;
  x86_64::DebugRegisters hardware;
  ImagePlace place{.linked = 0x1000, .loaded = 0x1000};
  std::uint32_t thread_count = 3;
  std::uint64_t stack_low = 0x10000;  ///< of thread 1
  TableRange described;
  std::vector<std::uint64_t> core_distances{0};

 private:
  /// Addresses from here on are the test's own: what is not mapped there is a fault here too.
  static constexpr std::uint64_t kHost = 0x1'0000'0000;

  static std::size_t read_host(std::uint64_t address, std::span<std::byte> to) {
    const iovec here{to.data(), to.size()};
    const iovec there{reinterpret_cast<void*>(address), to.size()};
    const ssize_t count = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  std::size_t available(std::uint64_t address, std::size_t size) const {
    if (address < kMemory || address >= kMemory + memory.size()) return 0;
    return std::min<std::uint64_t>(size, kMemory + memory.size() - address);
  }
  void fill(Thread& thread, std::uint32_t id) const {
    thread = {};
    thread.id = static_cast<ThreadId>(id);
    thread.core = id % 2;
    thread.state = id == 1 ? "running" : "waiting";
    const std::string name = id == 1 ? "main" : id == 2 ? "a<b>&\"c\";" : "worker/" + std::to_string(id);
    std::memcpy(thread.name, name.c_str(), name.size() + 1);
    if (id != 1) std::memcpy(thread.waits_for, "futex", 6);
    thread.pc = 0x1000 * id;
    thread.stack_low = stack_low * id;
    thread.stack_high = thread.stack_low + 0x4000;
    thread.sp = thread.stack_high - 0x100;
  }
};

inline std::string framed(std::string_view payload) {
  std::uint8_t sum = 0;
  for (const char c : payload) sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(c));
  constexpr std::string_view digits = "0123456789abcdef";
  return "$" + std::string(payload) + "#" + digits[sum >> 4] + digits[sum & 15];
}

inline std::string hex(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += hex_digit(static_cast<std::uint8_t>(c) >> 4);
    result += hex_digit(static_cast<std::uint8_t>(c));
  }
  return result;
}

/// A session in no-ack mode that stands at a breakpoint of thread 1.
struct Bench {
  FakeTarget target;
  FakeTransport transport;
  Session session{target, transport};

  Bench() {
    session.stopped({.reason = StopReason::software_breakpoint, .thread = ThreadId{1}});
    ask("QStartNoAckMode");
  }
  void feed(std::string_view bytes) {
    for (const char byte : bytes) session.receive(byte);
  }
  /// The payload of the one reply; "<none>" where nothing was sent, everything where it was more than one packet.
  std::string ask(std::string_view payload) {
    transport.sent.clear();
    feed(framed(payload));
    std::string all = transport.take();
    if (all.starts_with('+')) all.erase(0, 1);
    if (all.empty()) return "<none>";
    if (all.front() != '$' || all.find('#') != all.size() - 3) return all;
    CHECK(framed(all.substr(1, all.size() - 4)) == all);
    return all.substr(1, all.size() - 4);
  }
  /// The document that `qXfer` gives in pieces of `chunk`.
  std::string document(std::string_view object, std::size_t chunk) {
    std::string result;
    while (true) {
      char offset[64];
      std::snprintf(offset, sizeof offset, "%zx,%zx", result.size(), chunk);
      const std::string part = ask("qXfer:" + std::string(object) + ":" + offset);
      REQUIRE((part.starts_with('m') || part.starts_with('l')));
      for (std::size_t i = 1; i < part.size(); ++i) {
        result += part[i] == '}' ? static_cast<char>(part[++i] ^ 0x20) : part[i];
      }
      if (part.front() == 'l') return result;
    }
  }
};

}  // namespace toro::gdbstub::test
