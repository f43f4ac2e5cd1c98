// An NE2000 card.
#include "kernel/devices/network/ne2000.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace toro::network {

using namespace ne2000;
using enum Ne2000Register;

namespace {

constexpr std::string_view kGone = "its registers do not answer";
constexpr std::string_view kNoRemote = "its memory cannot be reached: a transfer did not end";
constexpr int kLooks = 10'000;  // each a bus cycle, or an exit: milliseconds
constexpr std::uint8_t kEverything = 0xff;
constexpr std::uint8_t kRunning = kStart | kRemoteAbort;
constexpr std::size_t kCheckSequence = 4;
constexpr std::size_t kLongest = kUsualMtu + kHeaderSize + kTagSize;
static_assert(kLongest <= (kRingStart - kTransmitPage) * std::size_t{kPageSize});

constexpr std::uint16_t address_of(std::uint8_t page) {
  return static_cast<std::uint16_t>(page * kPageSize);
}
constexpr bool is_of_ring(std::uint8_t page) {
  return page >= kRingStart && page < kRingStop;
}

}  // namespace

void Ne2000::fail(std::string_view why) {
  if (!failure_.empty()) return;
  failure_ = why;
  set(command, kStop | kRemoteAbort);
  set(interrupt_mask, 0);
}

/// Begins a transfer between the data port and the card's memory. [DP8390D 11.0]
void Ne2000::set_remote(std::uint16_t address, std::size_t count, std::uint8_t direction) {
  const std::size_t whole = (count + 1) & ~std::size_t{1};
  set(interrupt_status, kRemoteDone);
  set(remote_count_low, static_cast<std::uint8_t>(whole));
  set(remote_count_high, static_cast<std::uint8_t>(whole >> 8));
  set(remote_address_low, static_cast<std::uint8_t>(address));
  set(remote_address_high, static_cast<std::uint8_t>(address >> 8));
  set(command, kStart | direction);
}

void Ne2000::finish_remote() {
  for (int i = 0; i < kLooks; ++i) {
    if ((window_.read(interrupt_status) & kRemoteDone) == 0) continue;
    set(interrupt_status, kRemoteDone);
    return;
  }
  fail(kNoRemote);
}

void Ne2000::read_memory(std::uint16_t address, std::span<std::byte> data) {
  if (data.empty()) return;
  set_remote(address, data.size(), kRemoteRead);
  window_.read_data(data);
  finish_remote();
}

/// The same across the ring's end.
void Ne2000::read_ring(std::uint16_t address, std::span<std::byte> data) {
  const auto before_end = static_cast<std::size_t>(address_of(kRingStop) - address);
  const std::size_t first = std::min(data.size(), before_end);
  read_memory(address, data.first(first));
  read_memory(address_of(kRingStart), data.subspan(first));
}

/// All parts as one, and zeros up to `size`. A word may lie in two parts.
void Ne2000::write_memory(std::uint16_t address, const Transmit& frame, std::size_t size) {
  std::array<std::byte, (kLongest + 1) & ~std::size_t{1}> all{};
  auto to = all.begin();
  for (const auto& part : frame.parts) to = std::ranges::copy(part, to).out;
  set_remote(address, size, kRemoteWrite);
  window_.write_data(std::span(all).first(size));
  finish_remote();
}

/// The address lies in the card's PROM, each byte twice where the card is one of words.
bool Ne2000::prepare() {
  window_.write(reset_port, window_.read(reset_port));
  int looks = 0;
  while (looks < kLooks && (window_.read(interrupt_status) & kResetDone) == 0) ++looks;
  if (looks == kLooks || window_.read(command) == kEverything) {
    failure_ = kGone;
    return false;
  }
  set(command, kStop | kRemoteAbort);
  set(interrupt_mask, 0);
  set(interrupt_status, kEverything);
  set(data_configuration, kWords | kNormal | kThresholdOf8);
  set(receive_configuration, kMonitor);
  set(transmit_configuration, kLoopback);
  std::array<std::byte, 2 * sizeof(MacAddress)> prom;
  read_memory(0, prom);
  for (std::size_t i = 0; i < mac_.bytes.size(); ++i) mac_.bytes[i] = std::to_integer<std::uint8_t>(prom[2 * i]);
  set(command, kStop | kRemoteAbort);
  if (failure_.empty() && ((mac_.bytes[0] & 1) != 0 || mac_ == MacAddress{})) failure_ = "it has no Ethernet address";
  return failure_.empty();
}

std::expected<Offloads, NetworkError> Ne2000::start(Offloads, BufferPool& pool, NetworkCounters& counters) {
  pool_ = &pool;
  counters_ = &counters;
  started_ = true;
  set_up();
  if (!works()) return std::unexpected(NetworkError::device_failed);
  return Offloads{};
}

/// In the data sheet's order. [DP8390D 10.6, "Initialization Sequence"]
void Ne2000::set_up() {
  set(command, kStop | kRemoteAbort);
  set(data_configuration, kWords | kNormal | kThresholdOf8);
  set(remote_count_low, 0);
  set(remote_count_high, 0);
  set(receive_configuration, kMonitor);
  set(transmit_configuration, kLoopback);
  set(page_start, kRingStart);
  set(page_stop, kRingStop);
  set(boundary, kRingStart);
  set(interrupt_status, kEverything);
  set(interrupt_mask, mask_);
  set(command, kStop | kRemoteAbort | kPage1);
  const auto after = [](Ne2000Register first, std::size_t i) {
    return static_cast<Ne2000Register>(static_cast<std::size_t>(first) + i);
  };
  for (std::size_t i = 0; i < mac_.bytes.size(); ++i) set(after(physical_address, i), mac_.bytes[i]);
  for (std::size_t i = 0; i < 8; ++i) set(after(multicast, i), kEverything);
  next_page_ = kRingStart + 1;
  set(Ne2000Register::current_page, next_page_);
  set(command, kStop | kRemoteAbort);
  set(command, kRunning);
  set(transmit_configuration, 0);
  set(receive_configuration, kBroadcast | kMulticast);
}

/// Where the card will write next.
std::uint8_t Ne2000::current_page() {
  set(command, kRunning | kPage1);
  const std::uint8_t page = window_.read(Ne2000Register::current_page);
  set(command, kRunning);
  if (!is_of_ring(page)) fail(page == kEverything ? kGone : "it writes outside of its ring");
  return page;
}

/// All pages before this one are the card's again. The boundary is one page behind. [DP8390D 7.0]
void Ne2000::release_to(std::uint8_t page) {
  next_page_ = page;
  set(boundary, page == kRingStart ? kRingStop - 1 : page - 1);
}

Frame Ne2000::receive() {
  if (!works()) return {};
  const bool overflown = (window_.read(interrupt_status) & kOverflow) != 0;
  if (overflown) begin_overflow();
  Frame frame;
  for (int i = 0; i < kRingStop - kRingStart && !frame; ++i) {
    if (current_page() == next_page_ || !works()) break;
    frame = take_frame();
  }
  if (overflown) end_overflow();
  return frame;
}

/// The ring is not empty. No frame where the card's word for it makes no sense, and then all that lies there is given
/// up; nor where there is no buffer for it.
Frame Ne2000::take_frame() {
  std::array<std::byte, sizeof(ReceiveHeader)> bytes;
  read_ring(address_of(next_page_), bytes);
  const auto header = std::bit_cast<ReceiveHeader>(bytes);
  if (!works()) return {};
  const std::size_t count = header.count_low | std::size_t{header.count_high} << 8;
  const std::size_t size = count - kCheckSequence;
  if (!is_of_ring(header.next_page) || count < kHeaderSize + kCheckSequence || size > kLongest ||
      (header.status & kReceivedIntact) == 0) {
    ++counters_->received_and_dropped.malformed;
    release_to(current_page());
    return {};
  }
  Buffer* const buffer = pool_->take();
  if (buffer == nullptr) {
    ++counters_->received_and_dropped.overrun;
    release_to(header.next_page);
    return {};
  }
  buffer->offset = 0;
  buffer->length = static_cast<std::uint16_t>(size);
  const auto begin = static_cast<std::uint16_t>(address_of(next_page_) + sizeof(ReceiveHeader));
  read_ring(begin, buffer->part());
  release_to(header.next_page);
  return {*pool_, *buffer, size, {}};
}

/// The ring is full and the controller has stopped receiving: how to have it go on. [DP8390D 7.0, "Buffer Ring
/// Overflow"]
void Ne2000::begin_overflow() {
  constexpr unsigned kMicroseconds = 1600;  // a longest frame may be under way
  const bool was_sending = is_sending();
  set(command, kStop | kRemoteAbort);
  window_.wait_microseconds(kMicroseconds);
  set(remote_count_low, 0);
  set(remote_count_high, 0);
  resend_ = was_sending && (window_.read(interrupt_status) & (kSent | kTransmitError)) == 0;
  set(transmit_configuration, kLoopback);
  set(command, kRunning);
  ++counters_->received_and_dropped.overrun;
}

void Ne2000::end_overflow() {
  if (!works()) return;
  set(interrupt_status, kOverflow);
  set(transmit_configuration, 0);
  if (resend_) set(command, kRunning | kTransmit);
}

bool Ne2000::is_sending() {
  return (window_.read(command) & kTransmit) != 0;
}

Ne2000::Result Ne2000::transmit(const Transmit& frame) {
  if (!works() || frame.has_partial_checksum || frame.parts.empty()) return Result::refused;
  std::size_t size = 0;
  for (const auto& part : frame.parts) size += part.size();
  if (size > kLongest) return Result::refused;
  if (is_sending()) return Result::full;
  const std::uint8_t ended = window_.read(interrupt_status) & (kSent | kTransmitError);
  if ((ended & kTransmitError) != 0) ++counters_->transmit_errors;
  set(interrupt_status, ended);
  const std::size_t padded = std::max(size, kShortestFrame);
  write_memory(address_of(kTransmitPage), frame, padded);
  if (!works()) return Result::refused;
  set(transmit_page, kTransmitPage);
  set(transmit_count_low, static_cast<std::uint8_t>(padded));
  set(transmit_count_high, static_cast<std::uint8_t>(padded >> 8));
  set(command, kRunning | kTransmit);
  if (frame.completion != nullptr) frame.completion->done(*frame.completion);
  return Result::taken;
}

Events Ne2000::listen(Events events) {
  if (!works()) return events;
  constexpr std::uint8_t kOfReceiver = kReceived | kReceiveError, kOfTransmitter = kSent | kTransmitError;
  if (events.receive) {
    mask_ |= kOfReceiver | kOverflow;
    set(interrupt_status, kOfReceiver);
  }
  if (events.transmit) mask_ |= kOfTransmitter;
  set(interrupt_mask, mask_);
  const bool overflown = (window_.read(interrupt_status) & kOverflow) != 0;
  return {.receive = events.receive && (overflown || current_page() != next_page_),
          .transmit = events.transmit && !is_sending(),
          .link = false};
}

std::optional<Events> Ne2000::on_interrupt() {
  if (!works()) return std::nullopt;
  const std::uint8_t causes = window_.read(interrupt_status) & mask_;
  if (causes == 0) return std::nullopt;
  mask_ = 0;
  set(interrupt_mask, 0);
  return Events{.receive = (causes & (kReceived | kReceiveError | kOverflow)) != 0,
                .transmit = (causes & (kSent | kTransmitError)) != 0,
                .link = false};
}

/// They are cleared by reading.
void Ne2000::read_counters() {
  if (!works()) return;
  counters_->receive_errors += window_.read(alignment_errors);
  counters_->receive_errors += window_.read(check_errors);
  counters_->received_and_dropped.overrun += window_.read(missed_packets);
}

}  // namespace toro::network
