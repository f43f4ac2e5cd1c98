// A server whose replies are a fuzzer's: whatever it says, calls end, memory is kept within bounds, and all is given
// back at the end.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernel/filesystem/fuse/fuse_filesystem.hpp"
#include "tests/fuzz/virtio/input.hpp"

using namespace toro::filesystem;
using namespace toro::filesystem::fuse;
using toro::FileType;
using toro::virtio::test::Input;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

class Server final : public Channel {
 public:
  explicit Server(Input& input) : input_(input) {}

  Result<std::size_t> call(Parts request, Room room) override {
    RequestHeader header;
    std::memcpy(&header, request[0].data(), sizeof header);
    std::size_t length = 0;
    for (const auto part : request) {
      require(!part.empty());
      length += part.size();
    }
    require(header.length == length);
    std::size_t most = 0;
    for (const auto part : room) most += part.size();

    const std::uint8_t how = input_.byte();
    if (how == 255) return failure(Error::io_error);
    std::vector<std::byte> reply(sizeof(ReplyHeader));
    if (header.opcode == Opcode::initialize && (how & 1) == 0) {
      append(reply, InitializeReply{.major = 7,
                                    .minor = 31,
                                    .flags = input_.word(),
                                    .most_written = input_.word(),
                                    .most_pages = static_cast<std::uint16_t>(input_.word())});
    } else {
      fill(reply, header.opcode, most);
    }
    ReplyHeader answer{.length = static_cast<std::uint32_t>(reply.size()), .error = 0, .unique = header.unique};
    if ((how & 0x70) == 0x10) answer.error = -static_cast<std::int32_t>(input_.byte());
    if ((how & 0x70) == 0x20) answer.length = input_.word();
    if ((how & 0x7f) == 0x30) answer.unique ^= input_.byte();
    std::memcpy(reply.data(), &answer, sizeof answer);

    std::size_t written = 0;
    for (const auto part : room) {
      const std::size_t count = std::min(part.size(), reply.size() - written);
      if (count != 0) std::memcpy(part.data(), reply.data() + written, count);
      written += count;
    }
    // What a device may say of it is bounded by its queue.
    return (how & 8) != 0 ? std::min<std::size_t>(input_.word(), most) : written;
  }
  void post(Way, std::span<const std::byte> message) override { require(message.size() <= kMostPosted); }
  void close() override {}

 private:
  template <class T>
  static void append(std::vector<std::byte>& to, const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    to.insert(to.end(), bytes.begin(), bytes.end());
  }

  EntryReply entry() {
    constexpr std::array kKinds{kDirectory, kRegular, kSymlink, 0010000U};
    EntryReply entry{.node = input_.byte() % 16U, .entry_valid = input_.byte(), .attributes_valid = input_.byte()};
    entry.attributes.mode = kKinds[input_.byte() % kKinds.size()];
    entry.attributes.size = input_.byte();
    return entry;
  }

  void fill(std::vector<std::byte>& reply, Opcode opcode, std::size_t most) {
    switch (opcode) {
      case Opcode::lookup:
      case Opcode::make_directory:
      case Opcode::symlink:
      case Opcode::link:
        return append(reply, entry());
      case Opcode::create:
        append(reply, entry());
        return append(reply, OpenReply{.handle = input_.byte()});
      case Opcode::get_attributes:
      case Opcode::set_attributes: {
        const EntryReply of = entry();
        return append(reply, AttributesReply{.valid = of.attributes_valid, .attributes = of.attributes});
      }
      case Opcode::open:
      case Opcode::open_directory:
        return append(reply, OpenReply{.handle = input_.byte()});
      case Opcode::write:
        return append(reply, WriteReply{.size = input_.byte()});
      case Opcode::read_directory:
      case Opcode::read_directory_plus:
        for (std::uint8_t i = input_.byte() % 8; i > 0; --i) {
          if (opcode == Opcode::read_directory_plus) append(reply, entry());
          const std::uint8_t size = input_.byte();
          append(reply, DirectoryRecord{.inode = 1,
                                        .next = input_.byte(),
                                        .name_length = (size & 128) != 0 ? input_.word() : size % 12U,
                                        .type = input_.byte()});
          const auto name = std::as_bytes(input_.take(size % 12U));
          reply.insert(reply.end(), name.begin(), name.end());
          reply.resize((reply.size() + 7) & ~std::size_t{7});
        }
        return;
      default: {
        const auto bytes = std::as_bytes(input_.take(std::min<std::size_t>(input_.byte(), most)));
        reply.insert(reply.end(), bytes.begin(), bytes.end());
      }
    }
  }

  Input& input_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  Server server(input);
  auto& files = *make<FuseFilesystem>(server);
  static_cast<void>(files.start());
  std::vector<Node> held{files.root()};
  constexpr std::array<std::string_view, 4> kNames{"a", "b", "name", "other"};
  std::array<std::byte, 300> buffer{};
  const auto any = [&] { return held[input.byte() % held.size()]; };
  const auto name = [&] { return kNames[input.byte() % kNames.size()]; };
  while (!input.empty()) {
    switch (input.byte() % 16) {
      case 0:
      case 1:
        if (const auto found = files.lookup(any(), name())) held.push_back(found->node);
        break;
      case 2: {
        constexpr std::array kTypes{FileType::regular, FileType::directory, FileType::symlink};
        const NewNode what{.type = kTypes[input.byte() % 3], .mode = 0644, .target = "target"};
        if (const auto made = files.create(any(), name(), what)) held.push_back(made->node);
        break;
      }
      case 3:
        static_cast<void>(files.attributes(any()));
        break;
      case 4: {
        const auto count = files.read(any(), input.byte(), buffer);
        require(!count || *count <= buffer.size());
        break;
      }
      case 5: {
        const auto count = files.write(any(), input.byte(), buffer);
        require(!count || *count <= buffer.size());
        break;
      }
      case 6:
        static_cast<void>(files.truncate(any(), input.byte()));
        break;
      case 7: {
        std::array<char, 8> target{};
        static_cast<void>(files.read_link(any(), target));
        break;
      }
      case 8:
      case 9: {
        const auto add = [](void* left, std::string_view entry, Found, std::uint64_t, std::uint64_t) {
          require(!entry.empty() && entry.size() <= kMostName && !entry.contains('/'));
          return --*static_cast<int*>(left) > 0;
        };
        int left = input.byte();
        static_cast<void>(files.read_directory(any(), input.byte(), {&left, add}));
        break;
      }
      case 10:
        static_cast<void>(files.unlink(any(), name(), (input.byte() & 1) != 0));
        break;
      case 11: {
        const Node from = any();
        const auto old_name = name();
        const Node to = any();
        static_cast<void>(files.rename(from, old_name, to, name()));
        break;
      }
      case 12: {
        const Node directory = any();
        const auto new_name = name();
        static_cast<void>(files.link(directory, new_name, any()));
        break;
      }
      case 13:
        static_cast<void>(files.sync_file(any()));
        static_cast<void>(files.statistics());
        break;
      default:
        if (held.size() > 1) {
          files.release(held.back());
          held.pop_back();
        }
    }
  }
  while (held.size() > 1) {
    files.release(held.back());
    held.pop_back();
  }
  files.destroy();
  return 0;
}
