// An entropy device.
#include "kernel/devices/virtio/entropy.hpp"

#include <algorithm>

#include "kernel/devices/virtio/initialization.hpp"

namespace toro::virtio {

std::expected<void, Error> Entropy::start(Transport& transport) {
  asked_ = false;
  have_ = 0;
  transport_ = &transport;
  if (transport.type() != DeviceType::entropy) return std::unexpected(Error::wrong_device_type);
  const auto agreed = initialize(
      transport, {}, {}, [&](Features) { return set_up_queue(transport, kRequestQueue, queue_, memory_.view()); });
  if (!agreed) return std::unexpected(agreed.error());
  return ask();
}

std::expected<void, Error> Entropy::ask() {
  const auto submitted = queue_.submit_writable(std::span(given_).subspan(have_), 0);
  if (!submitted) return submitted;
  asked_ = true;
  if (queue_.publish()) transport_->notify(kRequestQueue);
  return {};
}

std::expected<bool, Error> Entropy::take(std::span<std::byte, kBytes> key) {
  if (!asked_) return std::unexpected(Error::not_started);
  const auto completion = queue_.poll();
  if (!completion) return std::unexpected(completion.error());
  if (!*completion) return false;
  asked_ = false;
  if ((*completion)->written == 0) return std::unexpected(Error::used_length_invalid);
  // Copied piece by piece, as the device gave it: it may go on writing to what it had.
  const std::size_t written = (*completion)->written;
  std::ranges::copy(std::span(given_).subspan(have_, written), key.begin() + static_cast<std::ptrdiff_t>(have_));
  have_ += written;
  if (have_ == kBytes) return true;
  if (const auto again = ask(); !again) return std::unexpected(again.error());
  return false;
}

bool Entropy::on_interrupt() {
  return transport_ != nullptr && transport_->take_interrupt().queue;
}

}  // namespace toro::virtio
