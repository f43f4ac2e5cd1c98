// Folders of the host, shared by virtio file system devices.
#include "kernel/filesystem/shared_folder.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/file_system.hpp"
#include "kernel/filesystem/array.hpp"
#include "kernel/filesystem/fuse/channel.hpp"
#include "kernel/filesystem/fuse/fuse_filesystem.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::filesystem {
namespace {

using virtio::FileSystem;
using virtio::FileSystemRequest;

/// A device with a server behind it, which may end, while the device stays. What shows it: a request for nothing, which
/// no disk can delay, is not answered.
class SharedFolder final : public fuse::Channel {
 public:
  explicit SharedFolder(virtio::Interrupt interrupt) : interrupt_(interrupt) {
    for (Post& post : posts_) give_back(post);
  }

  [[nodiscard]] std::expected<void, virtio::Error> start(virtio::Transport& transport) {
    return device_.start(transport);
  }
  [[nodiscard]] std::string_view tag() const { return device_.tag(); }

  /// This core's from now on; `busy` when it is another's.
  [[nodiscard]] Result<> take();

  [[nodiscard]] Result<std::size_t> call(Parts request, Room room) override;
  void post(Way way, std::span<const std::byte> request) override;
  void close() override { in_use_ = false; }

  SharedFolder* next = nullptr;

 private:
  static constexpr std::size_t kPosts = 32;
  static constexpr std::uint64_t kLook = 2'000'000'000;  // nanoseconds until a thread that waits looks after it
  static constexpr std::uint64_t kPatience =
      10'000'000'000;  // with a server that does not answer a request for nothing
  static constexpr const char* kWhat = "a shared folder";

  struct Call : FileSystemRequest {
    SharedFolder* folder = nullptr;
    process::Thread* thread = nullptr;
    bool over = false;
  };
  struct Post : FileSystemRequest {
    SharedFolder* folder = nullptr;
    Post* next_free = nullptr;
    std::array<std::byte, fuse::kMostPosted> message{};
    std::array<std::byte, sizeof(fuse::ReplyHeader)> reply{};
    std::span<const std::byte> message_part;
    std::span<std::byte> reply_part;
  };

  [[nodiscard]] bool submit(FileSystem::Queue queue, FileSystemRequest& request);
  void fill(Post& post, Way way, std::span<const std::byte> request);
  void give_back(Post& post);
  void heard();
  void wait_for_room();
  void look_after();

  FileSystem device_;
  virtio::Interrupt interrupt_;
  bool in_use_ = false;
  bool connected_ = false;
  std::uint32_t core_ = 0;
  std::uint64_t asked_ = 0;  ///< when, and nothing was heard since; 0: nothing was asked
  process::WaitQueue room_;
  Post* free_ = nullptr;
  std::array<Post, kPosts> posts_;
  Post probe_;
  bool probing_ = false;
};

constinit SharedFolder* folders = nullptr;

Result<> SharedFolder::take() {
  if (in_use_ || (connected_ && !arch::is_this_core(core_))) return failure(Error::busy);
  if (!connected_) {
    const arch::InterruptsOff off;
    const auto handler = [](void* device, arch::TrapFrame&) { static_cast<FileSystem*>(device)->on_interrupt(); };
    if (!interrupt_.connect(handler, &device_)) return failure(Error::not_supported);
    connected_ = true;
    core_ = arch::this_core();
  }
  in_use_ = true;
  return {};
}

Result<std::size_t> SharedFolder::call(Parts request, Room room) {
  Call call;
  call.readable = request;
  call.writable = room;
  call.folder = this;
  call.thread = &process::Scheduler::current();
  call.done = [](FileSystemRequest& ended) {
    auto& self = static_cast<Call&>(ended);
    self.over = true;
    self.folder->heard();
    process::scheduler().resume(*self.thread);
  };
  const arch::InterruptsOff off;
  if (!submit(FileSystem::Queue::requests, call)) return failure(Error::io_error);
  while (!call.over) {
    const auto woken = process::scheduler().suspend(kWhat, process::WaitKind::device, arch::clock::now() + kLook);
    if (woken == process::WakeReason::timed_out && !call.over) look_after();
  }
  if (!call.answered) return failure(Error::io_error);
  return call.written;
}

void SharedFolder::post(Way way, std::span<const std::byte> request) {
  const arch::InterruptsOff off;
  while (free_ == nullptr && !device_.stopped()) wait_for_room();
  if (device_.stopped()) return;
  Post& post = *std::exchange(free_, free_->next_free);
  fill(post, way, request);
  if (!submit(way == Way::express ? FileSystem::Queue::express : FileSystem::Queue::requests, post)) give_back(post);
}

void SharedFolder::fill(Post& post, Way way, std::span<const std::byte> request) {
  std::memcpy(post.message.data(), request.data(), request.size());
  post.message_part = std::span(post.message).first(request.size());
  post.reply_part = post.reply;
  post.readable = {&post.message_part, 1};
  post.writable = {&post.reply_part, way == Way::express ? 0U : 1U};  // what goes past has no reply
  post.folder = this;
  post.done = [](FileSystemRequest& ended) {
    auto& self = static_cast<Post&>(ended);
    self.folder->give_back(self);
    self.folder->heard();
  };
}

void SharedFolder::give_back(Post& post) {
  post.next_free = free_;
  free_ = &post;
}

/// Interrupts are off, here and below.
bool SharedFolder::submit(FileSystem::Queue queue, FileSystemRequest& request) {
  for (;;) {
    switch (device_.submit(queue, request)) {
      case FileSystem::Start::started:
        return true;
      case FileSystem::Start::broken:
        return false;
      case FileSystem::Start::full:
        wait_for_room();
    }
  }
}

void SharedFolder::heard() {
  asked_ = 0;
  process::scheduler().wake(room_, 1);
}

void SharedFolder::wait_for_room() {
  const auto woken = process::scheduler().wait(room_, kWhat, process::WaitKind::device, arch::clock::now() + kLook);
  if (woken == process::WakeReason::timed_out) look_after();
}

void SharedFolder::look_after() {
  device_.poll();
  const std::uint64_t now = arch::clock::now();
  if (device_.stopped()) return;
  if (asked_ == 0) {
    asked_ = now;
  } else if (now - asked_ >= kPatience) {
    report(tag(), "does not answer any more: its files are out of reach");
    return device_.stop();
  }
  if (probing_) return;
  // Of the root, which is never forgotten, no lookup is forgotten.
  struct {
    fuse::RequestHeader header;
    fuse::ForgetRequest body;
  } const nothing{{.length = sizeof nothing, .opcode = fuse::Opcode::forget, .node = fuse::kRoot}, {}};
  fill(probe_, Way::express, std::as_bytes(std::span(&nothing, 1)));
  probe_.done = [](FileSystemRequest& ended) {
    SharedFolder& folder = *static_cast<Post&>(ended).folder;
    folder.probing_ = false;
    folder.heard();
  };
  probing_ = device_.submit(FileSystem::Queue::express, probe_) == FileSystem::Start::started;
}

std::expected<void, virtio::Error> start(virtio::Transport& transport, virtio::Interrupt interrupt) {
  auto* const folder = make<SharedFolder>(interrupt);
  if (folder == nullptr) return std::unexpected(virtio::Error::no_memory);
  if (const auto started = folder->start(transport); !started) {
    dispose(folder);
    return started;
  }
  folder->next = std::exchange(folders, folder);
  return {};
}

}  // namespace

Result<Opened> open_shared_folder(std::string_view source, Access access) {
  auto* folder = folders;
  while (folder != nullptr && folder->tag() != source) folder = folder->next;
  if (folder == nullptr) return failure(Error::no_device);
  TRY(folder->take());
  auto* const files = make<fuse::FuseFilesystem>(*folder);
  if (files == nullptr) {
    folder->close();
    return failure(Error::no_memory);
  }
  if (const auto started = files->start(); !started) {
    files->destroy();
    if (started.error() == Error::not_supported) report(source, "is served by a version of FUSE before 7.31");
    return failure(started.error());
  }
  return Opened{files, access};
}

}  // namespace toro::filesystem

namespace toro::virtio {

TORO_VIRTIO_DRIVER(file_system_driver, {.name = "virtio-fs",
                                        .type = DeviceType::file_system,
                                        .wants = nullptr,
                                        .start = filesystem::start});

}  // namespace toro::virtio
