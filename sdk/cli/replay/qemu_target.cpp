#include "sdk/cli/replay/qemu_target.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <format>

#include "gdbstub/protocol/hex.hpp"
#include "gdbstub/target/x86_64/register_table.hpp"
#include "gdbstub/target/x86_64/saved_registers.hpp"

namespace toro::cli {
namespace {

using namespace gdbstub;
using namespace gdbstub::x86_64;

/// What one packet of QEMU's carries. It stays within a page, so that a piece is there as a whole or not at all.
constexpr std::size_t kPiece = 1024;

std::size_t piece_at(std::uint64_t address, std::size_t wanted) {
  return std::min<std::size_t>(wanted, kPiece - address % kPiece);
}

/// False where the digits are not those of so many bytes.
bool from_hex(std::string_view digits, std::span<std::byte> to) {
  if (digits.size() != 2 * to.size()) return false;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const int high = hex_value(digits[2 * i]), low = hex_value(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    to[i] = static_cast<std::byte>(high << 4 | low);
  }
  return true;
}

std::string to_hex(std::span<const std::byte> bytes) {
  std::string digits;
  for (const std::byte byte : bytes) {
    digits += hex_digit(static_cast<std::uint8_t>(byte) >> 4);
    digits += hex_digit(static_cast<std::uint8_t>(byte));
  }
  return digits;
}

/// The number behind `key` in a stop reply.
std::optional<std::uint64_t> number_behind(std::string_view reply, std::string_view key) {
  const auto at = reply.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const auto digits = reply.substr(at + key.size());
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number, 16).ec != std::errc{}) return std::nullopt;
  return number;
}

}  // namespace

std::size_t QemuKernel::read_memory(std::uint64_t address, std::span<std::byte> to) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const auto piece = to.subspan(done, piece_at(address + done, to.size() - done));
    if (!from_hex(stub_.ask(std::format("m{:x},{:x}", address + done, piece.size())), piece)) break;
    done += piece.size();
  }
  return done;
}

void QemuKernel::read_registers() const {
  if (!registers_.empty() || stub_.registers().empty()) return;
  const auto& last = stub_.registers().back();
  registers_.resize(last.offset + last.size);
  if (!from_hex(stub_.ask("g"), registers_)) registers_.clear();
}

bool QemuKernel::read_register(std::string_view name, std::span<std::byte> value) const {
  read_registers();
  const auto found = std::ranges::find(stub_.registers(), name, &QemuStub::Register::name);
  if (found == stub_.registers().end() || registers_.empty()) return false;
  std::ranges::fill(value, std::byte{0});
  std::memcpy(value.data(), registers_.data() + found->offset, std::min(value.size(), found->size));
  return true;
}

bool QemuKernel::write_register(std::string_view name, std::span<const std::byte> value) {
  const auto found = std::ranges::find(stub_.registers(), name, &QemuStub::Register::name);
  if (found == stub_.registers().end() || found->size != value.size()) return false;
  const bool done = stub_.ask(std::format("P{:x}={}", found->number, to_hex(value))) == "OK";
  forget();
  return done;
}

const arch::TrapFrame* QemuKernel::frame_of(unsigned core) const {
  if (core != 0) return nullptr;
  for (const Register& declared : register_set().registers) {
    if (static_cast<Bank>(declared.bank) != Bank::frame) continue;
    auto* const place = reinterpret_cast<std::byte*>(&frame_) + declared.place;
    if (!read_register(declared.name, {place, sizeof(std::uint64_t)})) return nullptr;
  }
  return &frame_;
}

std::string_view QemuTarget::words_of(ResumeAction action) {
  // Of a range too: a stop within it is allowed. [GDB RSP, Packets, "vCont"]
  return action == ResumeAction::run ? "c" : "s";
}

StopEvent QemuTarget::stopped(const ResumeRequest& request, std::string_view said) {
  kernel_.forget();
  StopEvent event{.reason = StopReason::none, .thread = threads_.running_on(0)};
  const arch::TrapFrame* const frame = kernel_.frame_of(0);
  const bool back = request.action == ResumeAction::reverse_run || request.action == ResumeAction::reverse_step;
  if (const auto write = number_behind(said, ";watch:")) {
    event.reason = StopReason::write_watchpoint;
    event.address = *write;
  } else if (const auto read = number_behind(said, ";rwatch:")) {
    event.reason = StopReason::read_watchpoint;
    event.address = *read;
  } else if (const auto access = number_behind(said, ";awatch:")) {
    event.reason = StopReason::access_watchpoint;
    event.address = *access;
  } else if (back && said.starts_with('E')) {
    event.reason = StopReason::recording_begins;
  } else if (said.starts_with("T02")) {
    event = {.reason = StopReason::interrupt, .signal = Signal::interrupt, .thread = event.thread};
  } else if (frame != nullptr && is_inserted(BreakpointKind::software, frame->rip)) {
    event.reason = StopReason::software_breakpoint;
  } else if (frame != nullptr && is_inserted(BreakpointKind::execute, frame->rip)) {
    event.reason = StopReason::hardware_breakpoint;
  } else if (request.action != ResumeAction::run) {
    event.reason = StopReason::step;
  }
  return event;
}

const RegisterSet& QemuTarget::register_set() const {
  return x86_64::register_set();
}

bool QemuTarget::read_register(ThreadId thread, std::size_t number, std::span<std::byte> value) {
  const Register& declared = register_set().registers[number];
  if (!threads_.place_of(thread).runs && !of_core(declared))
    return read_saved(kernel_, thread, threads_.saved_frame(thread), number, value);
  return kernel_.read_register(declared.name, value);
}

bool QemuTarget::write_register(ThreadId thread, std::size_t number, std::span<const std::byte> value) {
  const Register& declared = register_set().registers[number];
  if (threads_.place_of(thread).runs || of_core(declared)) return kernel_.write_register(declared.name, value);
  const std::uint64_t saved = threads_.saved_frame(thread);
  const auto offset = saved_offset(number);
  return saved != 0 && offset && write_memory(saved + *offset, value) == value.size();
}

std::size_t QemuTarget::write_memory(std::uint64_t address, std::span<const std::byte> from) {
  std::size_t done = 0;
  while (done < from.size()) {
    const auto piece = from.subspan(done, piece_at(address + done, from.size() - done));
    if (stub_.ask(std::format("M{:x},{:x}:{}", address + done, piece.size(), to_hex(piece))) != "OK") break;
    done += piece.size();
  }
  return done;
}

MemoryRegion QemuTarget::region_at(std::uint64_t address) {
  constexpr std::uint64_t kLa57 = 1u << 12;
  std::uint64_t cr3 = 0, cr4 = 0;
  if (!kernel_.read_register("cr3", std::as_writable_bytes(std::span(&cr3, 1))) ||
      !kernel_.read_register("cr4", std::as_writable_bytes(std::span(&cr4, 1))))
    return {};
  // The kernel maps memory where it is. [kernel/arch/x86_64/paging.hpp]
  const auto read_entry = [](const void* kernel, std::uint64_t physical, std::uint64_t& entry) {
    return static_cast<const QemuKernel*>(kernel)->read(physical, entry);
  };
  return x86_64::region_at({cr3, (cr4 & kLa57) != 0 ? 5u : 4u, read_entry, &kernel_}, address);
}

bool QemuTarget::tell(char packet, const Breakpoint& breakpoint) {
  return stub_.ask(std::format("{}{},{:x},{:x}", packet, static_cast<unsigned>(breakpoint.kind), breakpoint.address,
                               breakpoint.length)) == "OK";
}

BreakpointResult QemuTarget::insert_breakpoint(const Breakpoint& breakpoint) {
  if (!tell('Z', breakpoint)) return BreakpointResult::invalid;
  breakpoints_.push_back(breakpoint);
  return BreakpointResult::done;
}

BreakpointResult QemuTarget::remove_breakpoint(const Breakpoint& breakpoint) {
  const auto same = [&](const Breakpoint& other) {
    return other.kind == breakpoint.kind && other.address == breakpoint.address && other.length == breakpoint.length;
  };
  if (std::erase_if(breakpoints_, same) != 0) tell('z', breakpoint);
  return BreakpointResult::done;
}

void QemuTarget::remove_all_breakpoints() {
  while (!breakpoints_.empty()) static_cast<void>(remove_breakpoint(Breakpoint(breakpoints_.back())));
}

void QemuTarget::take_breakpoints_out() {
  for (const Breakpoint& breakpoint : breakpoints_) tell('z', breakpoint);
}

void QemuTarget::put_breakpoints_in() {
  for (const Breakpoint& breakpoint : breakpoints_) tell('Z', breakpoint);
}

void QemuTarget::list_breakpoints(TextWriter& out) {
  constexpr std::string_view kKinds[] = {"software", "execute", "write", "read", "access"};
  for (const Breakpoint& breakpoint : breakpoints_)
    out.text(std::format("{:9} {:#018x}\n", kKinds[static_cast<std::size_t>(breakpoint.kind)], breakpoint.address));
}

bool QemuTarget::can_resume(const ResumeRequest& request) {
  return request.action == ResumeAction::run || threads_.place_of(request.thread).runs;
}

bool QemuTarget::is_inserted(BreakpointKind kind, std::uint64_t address) const {
  return std::ranges::any_of(breakpoints_, [=](const Breakpoint& breakpoint) {
    return breakpoint.kind == kind && breakpoint.address == address;
  });
}

}  // namespace toro::cli
