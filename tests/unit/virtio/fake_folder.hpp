// A file system device on the host: it takes requests, and answers when it is told to.
#pragma once

#include <deque>

#include "kernel/devices/virtio/file_system.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

namespace toro::virtio::test {

struct FakeFolder {
  FakeTransport transport;
  FileSystem device;

  FakeFolder() {
    transport.device_type = DeviceType::file_system;
    const std::string_view tag = "share";
    std::ranges::copy(tag, transport.configuration.begin());
    transport.configuration[kRequestQueuesOffset] = 1;
  }
};

/// A request with memory of its own.
struct FolderRequest : FileSystemRequest {
  std::vector<std::byte> question, answer;
  std::span<const std::byte> question_part;
  std::span<std::byte> answer_part;
  bool over = false;

  FolderRequest(std::size_t asks, std::size_t takes) : question(asks, std::byte{1}), answer(takes) {
    question_part = question;
    answer_part = answer;
    readable = {&question_part, 1};
    writable = {&answer_part, takes == 0 ? 0U : 1U};
    done = [](FileSystemRequest& ended) { static_cast<FolderRequest&>(ended).over = true; };
  }
  FolderRequest(const FolderRequest&) = delete;
  FolderRequest& operator=(const FolderRequest&) = delete;
};

}  // namespace toro::virtio::test
