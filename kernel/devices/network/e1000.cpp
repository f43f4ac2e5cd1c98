// An Intel 8254x controller.
#include "kernel/devices/network/e1000.hpp"

#include <atomic>
#include <bit>

namespace toro::network {

using namespace e1000;
using enum E1000Register;

namespace {

constexpr std::uint32_t kNothingThere = 0xffff'ffff;
constexpr std::uint32_t kReceiveCauses = kCauseReceived | kCauseOverrun | kCauseFewDescriptors;
constexpr std::string_view kGone = "its registers do not answer";

template <typename T>
T read_once(const T& shared) {
  return *const_cast<const volatile T*>(&shared);
}

}  // namespace

void E1000::fail(std::string_view why) {
  if (!failure_.empty()) return;
  failure_ = why;
  window_.write(interrupt_mask_clear, kNothingThere);
  window_.write(receive_control, 0);
  window_.write(transmit_control, 0);
}

/// [8254x 14.3]
bool E1000::reset() {
  constexpr int kReads = 10'000;  // each an exit, or a bus cycle: milliseconds
  window_.write(interrupt_mask_clear, kNothingThere);
  window_.write(receive_control, 0);
  window_.write(transmit_control, 0);
  window_.write(control, window_.read(control) | kControlReset);
  for (int i = 0; i < kReads; ++i) {
    if ((window_.read(control) & kControlReset) != 0) continue;
    window_.write(interrupt_mask_clear, kNothingThere);
    static_cast<void>(window_.read(interrupt_cause));
    return true;
  }
  return false;
}

/// [8254x 13.4.4]
bool E1000::read_eeprom(std::uint32_t word, std::uint16_t& value) {
  constexpr int kReads = 10'000;
  window_.write(eeprom_read, kEepromStart | word << kEepromAddress);
  for (int i = 0; i < kReads; ++i) {
    const std::uint32_t answer = window_.read(eeprom_read);
    if ((answer & kEepromDone) == 0) continue;
    value = static_cast<std::uint16_t>(answer >> kEepromData);
    return true;
  }
  return false;
}

/// [8254x 5.6.1]
bool E1000::read_address() {
  std::array<std::uint16_t, 3> words{};
  bool known = true;
  for (std::uint32_t i = 0; known && i < words.size(); ++i) known = read_eeprom(i, words[i]);
  if (!known) {
    const std::uint32_t low = window_.read(address_low);
    const std::uint32_t high = window_.read(address_high);
    if ((high & kAddressValid) == 0) return false;
    words = {static_cast<std::uint16_t>(low), static_cast<std::uint16_t>(low >> 16), static_cast<std::uint16_t>(high)};
  }
  mac_.bytes = std::bit_cast<std::array<std::uint8_t, 6>>(words);
  return (mac_.bytes[0] & 1) == 0 && mac_ != MacAddress{};
}

bool E1000::prepare() {
  if (window_.read(status) == kNothingThere || !reset()) {
    failure_ = kGone;
    return false;
  }
  if (!read_address()) failure_ = "it has no Ethernet address";
  return failure_.empty();
}

std::expected<Offloads, NetworkError> E1000::start(Offloads wanted, BufferPool& pool, NetworkCounters& counters) {
  pool_ = &pool;
  counters_ = &counters;
  verifies_checksums_ = wanted.receive_checksum;
  window_.write(control, window_.read(control) | kControlLinkUp | kControlAutoSpeed);
  start_receiver();
  start_transmitter();
  started_ = true;
  refill();
  link_ = read_link();
  window_.write(interrupt_mask_set, kCauseLink);
  if (!works()) return std::unexpected(NetworkError::device_failed);
  return wanted & offers();
}

/// [8254x 14.4]
void E1000::start_receiver() {
  const auto low = std::bit_cast<std::array<std::uint32_t, 2>>(std::array<std::uint8_t, 8>{
      mac_.bytes[0], mac_.bytes[1], mac_.bytes[2], mac_.bytes[3], mac_.bytes[4], mac_.bytes[5], 0, 0});
  window_.write(address_low, low[0]);
  window_.write(address_high, low[1] | kAddressValid);
  const std::uint64_t ring = window_.address_of(receive_ring_.data());
  window_.write(receive_base_low, static_cast<std::uint32_t>(ring));
  window_.write(receive_base_high, static_cast<std::uint32_t>(ring >> 32));
  window_.write(receive_length, sizeof receive_ring_);
  window_.write(receive_head, 0);
  window_.write(receive_tail, 0);
  window_.write(receive_delay, 0);
  window_.write(receive_checksum, verifies_checksums_ ? kChecksumTcpUdp : 0);
  window_.write(receive_control, kReceiveEnable | kReceiveAllMulticast | kReceiveBroadcast | kReceiveStripCheck);
}

/// [8254x 14.5]
void E1000::start_transmitter() {
  const std::uint64_t ring = window_.address_of(transmit_ring_.data());
  window_.write(transmit_base_low, static_cast<std::uint32_t>(ring));
  window_.write(transmit_base_high, static_cast<std::uint32_t>(ring >> 32));
  window_.write(transmit_length, sizeof transmit_ring_);
  window_.write(transmit_head, 0);
  window_.write(transmit_tail, 0);
  window_.write(transmit_delay, 0);
  window_.write(transmit_gap, kTransmitGap);
  window_.write(transmit_control, kTransmitEnable | kTransmitPad | kTransmitCollisions | kTransmitDistance);
}

LinkState E1000::read_link() {
  const std::uint32_t now = window_.read(status);
  if (now == kNothingThere) fail(kGone);
  return now != kNothingThere && (now & kStatusLinkUp) != 0 ? LinkState::up : LinkState::down;
}

/// Gives the device what buffers there are, once there is room for a few.
void E1000::refill() {
  constexpr std::uint32_t kFew = kReceiveSize / 8;
  if (kReceiveSize - 1 - filled_ < kFew) return;
  const std::uint32_t before = filled_;
  while (filled_ < kReceiveSize - 1) {
    Buffer* const buffer = pool_->take();
    if (buffer == nullptr) break;
    const std::uint32_t index = (receive_next_ + filled_) % kReceiveSize;
    received_[index] = buffer;
    receive_ring_[index] = {.address = window_.address_of(buffer->memory), .report = 0};
    ++filled_;
  }
  if (filled_ == before) return;
  std::atomic_thread_fence(std::memory_order_release);
  window_.write(receive_tail, (receive_next_ + filled_) % kReceiveSize);
}

ReceiveReport E1000::next_report() const {
  if (filled_ == 0) return {};
  const auto report = std::bit_cast<ReceiveReport>(read_once(receive_ring_[receive_next_].report));
  std::atomic_thread_fence(std::memory_order_acquire);
  return report;
}

Frame E1000::receive() {
  if (!works()) return {};
  for (std::uint32_t i = 0; i < kReceiveSize; ++i) {
    const ReceiveReport report = next_report();
    if ((report.status & kReceivedDone) == 0) {
      refill();
      return {};
    }
    Buffer& buffer = *received_[receive_next_];
    receive_next_ = (receive_next_ + 1) % kReceiveSize;
    --filled_;
    const bool whole = (report.status & kReceivedEnd) != 0 && report.length >= kHeaderSize &&
                       report.length <= kUsualMtu + kHeaderSize + kTagSize;
    if (whole && (report.errors & kErrorsOfFrame) == 0) {
      buffer.offset = 0;
      buffer.length = report.length;
      const bool verified = verifies_checksums_ && (report.status & kReceivedIgnoreChecksum) == 0 &&
                            (report.status & kReceivedChecksumTaken) != 0 && (report.errors & kErrorChecksum) == 0;
      refill();
      return {
          *pool_, buffer, report.length, {.checksum = verified ? Frame::Checksum::verified : Frame::Checksum::unknown}};
    }
    ++(whole ? counters_->receive_errors : counters_->received_and_dropped.malformed);
    pool_->give(buffer);
    refill();
  }
  return {};
}

E1000::Result E1000::transmit(const Transmit& frame) {
  const std::size_t count = frame.parts.size();
  if (!works() || frame.has_partial_checksum || count == 0 || count > Transmit::kMostParts) return Result::refused;
  if (free_descriptors() < count) {
    reclaim();
    if (free_descriptors() < count) return Result::full;
  }
  sending_[transmit_next_] = {.descriptors = static_cast<std::uint32_t>(count), .completion = frame.completion};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t last = i + 1 == count ? kSendEnd | kSendReport : 0;
    transmit_ring_[transmit_next_] = {.address = window_.address_of(frame.parts[i].data()),
                                      .length = static_cast<std::uint16_t>(frame.parts[i].size()),
                                      .command = static_cast<std::uint8_t>(kSendCheck | last)};
    transmit_next_ = (transmit_next_ + 1) % kTransmitSize;
  }
  under_way_ += static_cast<std::uint32_t>(count);
  return Result::taken;
}

void E1000::kick() {
  if (!works() || shown_ == transmit_next_) return;
  shown_ = transmit_next_;
  std::atomic_thread_fence(std::memory_order_release);
  window_.write(transmit_tail, shown_);
}

/// Whether the device is done with the frame that has been under way for longest.
bool E1000::next_is_sent() const {
  if (under_way_ == 0) return false;
  const std::uint32_t last = (sent_next_ + sending_[sent_next_].descriptors - 1) % kTransmitSize;
  return (read_once(transmit_ring_[last].status) & kSentDone) != 0;
}

void E1000::reclaim() {
  if (!works()) return;
  while (next_is_sent()) {
    const Sending sent = sending_[sent_next_];
    sent_next_ = (sent_next_ + sent.descriptors) % kTransmitSize;
    under_way_ -= sent.descriptors;
    if (sent.completion != nullptr) sent.completion->done(*sent.completion);
  }
}

std::optional<Events> E1000::take_causes() {
  const std::uint32_t causes = window_.read(interrupt_cause);
  if (causes == kNothingThere) {
    fail(kGone);
    return kAllEvents;
  }
  if (causes == 0) return std::nullopt;
  Events events{.receive = (causes & kReceiveCauses) != 0, .transmit = (causes & kCauseSent) != 0, .link = false};
  if ((causes & kCauseLink) != 0) {
    const LinkState before = link_;
    link_ = read_link();
    events.link = link_ != before;
  }
  return events;
}

/// What was done since the last look is forgotten first: it would interrupt at once.
Events E1000::listen(Events events) {
  if (!works()) return events;
  if (events.receive) refill();
  const bool link_changed = take_causes().value_or(Events{}).link;
  window_.write(interrupt_mask_set, (events.receive ? kReceiveCauses : 0) | (events.transmit ? kCauseSent : 0));
  return {.receive = events.receive && (next_report().status & kReceivedDone) != 0,
          .transmit = events.transmit && next_is_sent(),
          .link = link_changed};
}

std::optional<Events> E1000::on_interrupt() {
  if (!started_) return std::nullopt;
  const auto events = take_causes();
  if (events && (events->receive || events->transmit)) window_.write(interrupt_mask_clear, kReceiveCauses | kCauseSent);
  return events;
}

void E1000::read_counters() {
  if (!works()) return;
  counters_->receive_errors += window_.read(checksum_errors) + window_.read(receive_errors);
  counters_->received_and_dropped.overrun += window_.read(missed_packets);
  counters_->transmit_errors += window_.read(excessive_collisions) + window_.read(late_collisions);
}

}  // namespace toro::network
