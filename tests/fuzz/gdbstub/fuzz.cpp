// Any bytes from a debugger: the session must answer or ignore them, keep within its buffers, and frame what it sends.
// A packet whose frame is right gets one answer, whatever is in it: no client waits in vain.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "gdbstub/protocol/session.hpp"
#include "gdbstub/target/x86_64/debug_registers.hpp"
#include "gdbstub/target/x86_64/register_table.hpp"

namespace {

using namespace toro::gdbstub;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Checks the frame of every packet sent, and counts the answers.
class CheckedTransport final : public Transport {
 public:
  std::size_t receive(std::span<char>) override { return 0; }
  void send(std::span<const char> bytes) override {
    const std::string_view all(bytes.data(), bytes.size());
    if (all == "+" || all == "-") return;
    require(all.size() >= 4 && all.size() <= kReplySize && all.front() == '$' && all[all.size() - 3] == '#');
    std::uint8_t sum = 0;
    for (const char byte : all.substr(1, all.size() - 4)) {
      require(byte != '$' && byte != '#');
      sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(byte));
    }
    require(hex_value(all[all.size() - 2]) == sum >> 4 && hex_value(all.back()) == (sum & 15));
    // What a command of `monitor` prints comes before its answer. [GDB RSP, Stop Reply, "O"]
    if (!all.starts_with("$O") || all.starts_with("$OK#")) ++answers;
  }
  bool connected() const override { return true; }
  bool was_used() const override { return true; }

  unsigned answers = 0;
};

class SmallTarget final : public Target {
 public:
  const RegisterSet& register_set() const override { return x86_64::register_set(); }
  bool read_register(ThreadId thread, std::size_t number, std::span<std::byte> value) override {
    require(number < register_set().registers.size() && value.size() == register_set().registers[number].bytes());
    std::memset(value.data(), static_cast<int>(number), value.size());
    return thread == ThreadId{1} || number < 20;
  }
  bool write_register(ThreadId, std::size_t number, std::span<const std::byte> value) override {
    require(number < register_set().registers.size() && value.size() == register_set().registers[number].bytes());
    return number != 3;
  }
  std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) override {
    const std::size_t size = available(address, to.size());
    std::memcpy(to.data(), memory_ + (size == 0 ? 0 : address), size);
    return size;
  }
  std::size_t write_memory(std::uint64_t address, std::span<const std::byte> from) override {
    const std::size_t size = available(address, from.size());
    std::memcpy(memory_ + (size == 0 ? 0 : address), from.data(), size);
    return size;
  }
  MemoryRegion region_at(std::uint64_t address) override {
    return {.start = address & ~std::uint64_t{0xfff}, .size = 0x1000, .mapped = address < sizeof memory_};
  }
  BreakpointResult insert_breakpoint(const Breakpoint& breakpoint) override {
    return breakpoint.kind == BreakpointKind::software ? BreakpointResult::done : hardware_.insert(breakpoint);
  }
  BreakpointResult remove_breakpoint(const Breakpoint& breakpoint) override {
    hardware_.remove(breakpoint);
    return BreakpointResult::done;
  }
  void remove_all_breakpoints() override { hardware_.clear(); }
  ImagePlace image() const override { return {.linked = 0x100000, .loaded = 0x200000}; }
  TableRange tables() const override { return {.begin = 0x100, .end = 0x200}; }
  unsigned core_count() const override { return 2; }
  std::optional<std::uint64_t> core_copy(unsigned core, std::uint64_t variable) const override {
    return variable + 0x400 * core;
  }
  void list_breakpoints(TextWriter& out) override { out.text("none\n"); }
  void first_thread(Thread& thread) override { fill(thread, 1); }
  bool next_thread(Thread& thread) override {
    if (thread.id == ThreadId{3}) return false;
    fill(thread, static_cast<std::uint32_t>(thread.id) + 1);
    return true;
  }
  bool can_resume(const ResumeRequest& request) override { return request.thread != ThreadId{2}; }

 private:
  std::size_t available(std::uint64_t address, std::size_t size) const {
    if (address >= sizeof memory_) return 0;
    return size < sizeof memory_ - address ? size : sizeof memory_ - address;
  }
  static void fill(Thread& thread, std::uint32_t id) {
    thread = {};
    thread.id = static_cast<ThreadId>(id);
    thread.state = "ready";
    std::memcpy(thread.name, "}#$*<\"", 7);
  }

  std::byte memory_[8192] = {};
  x86_64::DebugRegisters hardware_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static SmallTarget target;
  static CheckedTransport transport;
  static Session session(target, transport);
  session.disconnected();
  session.stopped({.reason = StopReason::exception, .thread = ThreadId{1}, .description = "page fault"});
  // A line of the input is a packet whose frame is right; what begins with 0x00 goes in as it is.
  if (size > 0 && data[0] == 0) {
    for (std::size_t i = 1; i < size; ++i) {
      session.receive(static_cast<char>(data[i]));
      if (session.next() != Next::serve) session.stopped({.reason = StopReason::step, .thread = ThreadId{3}});
    }
    return 0;
  }
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
    const unsigned answered = transport.answers;
    std::uint8_t sum = 0;
    session.receive('$');
    for (const char byte : line) {
      if (byte == '#' || byte == '$') continue;
      session.receive(byte);
      sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(byte));
    }
    session.receive('#');
    session.receive(hex_digit(sum >> 4));
    session.receive(hex_digit(sum));
    // A restart has no answer. [GDB RSP, Packets, "R"]
    const unsigned due = session.next() == Next::restart ? 0 : 1;
    if (session.next() != Next::serve) session.stopped({.reason = StopReason::step, .thread = ThreadId{3}});
    require(transport.answers == answered + due);
  }
  return 0;
}
