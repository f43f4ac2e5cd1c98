// A split queue, with indirect descriptors and event index or without, whose device writes anything anywhere in the
// ring. A model of what is in flight checks every completion.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <span>

#include "kernel/devices/virtio/event_queue.hpp"
#include "tests/fuzz/virtio/input.hpp"

using namespace toro::virtio;
using toro::virtio::test::Input;

namespace {

constexpr std::uint16_t kSize = 8;
constexpr std::uint16_t kLongest = 4;

void require(bool holds) {
  if (!holds) std::abort();
}

class Model {
 public:
  explicit Model(Input& input) : input_(input) {
    require(queue_.attach(memory_->view(), kSize).has_value());
    const std::uint8_t features = input_.byte();
    indirect_ = (features & 1) != 0;
    Features agreed;
    if (indirect_) agreed = agreed.with(Feature::indirect_descriptors);
    if ((features & 2) != 0) agreed = agreed.with(Feature::event_index);
    queue_.use(agreed, tables_, kLongest);
  }

  void step() {
    switch (input_.byte() % 8) {
      case 0:
        return submit();
      case 1:
        static_cast<void>(queue_.publish());
        return;
      case 2:
        return take();
      case 3:
        if (const std::uint8_t how = input_.byte() & 3; how < 2)
          static_cast<void>(queue_.set_interrupts(static_cast<SplitQueue::Interrupts>(how)));
        else
          static_cast<void>(queue_.listen());
        return;
      case 4:  // a completion that may well be right
        write_used(input_.byte() % kSize, input_.byte());
        memory_->used.header.index = static_cast<std::uint16_t>(memory_->used.header.index + 1);
        return;
      case 5:
        write_used(input_.word(), input_.word());
        memory_->used.header.index = static_cast<std::uint16_t>(input_.word());
        return;
      case 6:
        return scribble(std::as_writable_bytes(std::span(memory_->descriptors)));
      case 7:
        if ((input_.byte() & 1) != 0) return scribble(std::as_writable_bytes(std::span(memory_->available)));
        return scribble(std::as_writable_bytes(std::span(&memory_->used, 1)));
      default:
        return;
    }
  }
  void finish() {
    for (int i = 0; i < 2 * kSize; ++i) take();
    if (!queue_.broken()) {
      std::size_t descriptors = queue_.free_descriptors();
      for (const auto& [cookie, chain] : in_flight_) descriptors += chain.descriptors;
      require(descriptors == kSize);
    }
  }

 private:
  struct Chain {
    std::size_t descriptors;
    std::uint32_t writable;
  };

  void submit() {
    const std::size_t readable = input_.byte() % 4;
    const std::size_t writable = input_.byte() % 4;
    std::array<std::span<const std::byte>, 4> reads;
    std::array<std::span<std::byte>, 4> writes;
    std::uint32_t offered = 0;
    bool empty = readable + writable == 0;
    for (std::size_t i = 0; i < readable; ++i) {
      reads[i] = std::span(buffer_).first(input_.byte() % 64);
      empty |= reads[i].empty();
    }
    for (std::size_t i = 0; i < writable; ++i) {
      writes[i] = std::span(buffer_).first(input_.byte() % 64);
      empty |= writes[i].empty();
      offered += static_cast<std::uint32_t>(writes[i].size());
    }
    const std::size_t count = readable + writable;
    const std::size_t descriptors = indirect_ && count >= 2 && count <= kLongest ? 1 : count;
    const bool fits = descriptors <= queue_.free_descriptors();
    const auto done = queue_.submit(std::span(reads).first(readable), std::span(writes).first(writable), ++cookie_);
    require(done.has_value() == (fits && !empty && !queue_.broken()));
    if (done) in_flight_[cookie_] = {.descriptors = descriptors, .writable = offered};
  }
  void take() {
    const auto completion = queue_.poll();
    require(completion.has_value() || queue_.broken());
    if (!completion || !completion->has_value()) return;
    const auto chain = in_flight_.find((*completion)->cookie);
    require(chain != in_flight_.end());
    require((*completion)->written <= chain->second.writable);
    in_flight_.erase(chain);
  }
  void write_used(std::uint32_t id, std::uint32_t length) {
    memory_->used.ring[memory_->used.header.index % kSize] = {.id = id, .length = length};
  }
  void scribble(std::span<std::byte> area) {
    const std::size_t offset = input_.byte() % area.size();
    const std::size_t length = std::min<std::size_t>(input_.byte(), area.size() - offset);
    for (std::byte& byte : area.subspan(offset, length)) byte = static_cast<std::byte>(input_.byte());
  }

  Input& input_;
  std::unique_ptr<QueueMemory<kSize>> memory_ = std::make_unique<QueueMemory<kSize>>();
  std::array<Descriptor, kSize * kLongest> tables_{};
  EventQueue queue_;
  bool indirect_ = false;
  std::array<std::byte, 64> buffer_{};
  std::uint64_t cookie_ = 0;
  std::map<std::uint64_t, Chain> in_flight_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  Model model(input);
  while (!input.empty()) model.step();
  model.finish();
  return 0;
}
