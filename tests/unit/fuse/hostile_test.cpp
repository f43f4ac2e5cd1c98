// The files of a server that breaks the rules, or goes away.
#include "tests/unit/fuse/client.hpp"

namespace {

using namespace toro::filesystem;
using namespace toro::filesystem::fuse;
using fuse::test::Bytes;
using fuse::test::Client;
using toro::FileType;
using toro::OpenMode;

template <class T>
T& at(Bytes& reply, std::size_t offset = 0) {
  REQUIRE(reply.size() >= offset + sizeof(T));
  return *reinterpret_cast<T*>(reply.data() + offset);
}
constexpr std::size_t kBody = sizeof(ReplyHeader);

TEST_CASE_FIXTURE(Client, "hostile fuse: replies whose header is wrong") {
  REQUIRE(files.write("/f", "text"));
  server.valid_seconds = 0;
  std::function<void(Bytes&)> how;
  SUBCASE("another request's") {
    how = [](Bytes& reply) { at<ReplyHeader>(reply).unique += 2; };
  }
  SUBCASE("longer than what was written") {
    how = [](Bytes& reply) { at<ReplyHeader>(reply).length += 1; };
  }
  SUBCASE("shorter than a header") {
    how = [](Bytes& reply) { at<ReplyHeader>(reply).length = 8; };
  }
  SUBCASE("no header") {
    how = [](Bytes& reply) { reply.resize(15); };
  }
  SUBCASE("nothing") {
    how = [](Bytes& reply) { reply.clear(); };
  }
  SUBCASE("an error above zero") {
    how = [](Bytes& reply) { at<ReplyHeader>(reply).error = 5; };
  }
  SUBCASE("an error that there is not") {
    how = [](Bytes& reply) { at<ReplyHeader>(reply).error = -4000; };
  }
  SUBCASE("content that is too short") {
    how = [](Bytes& reply) { at<ReplyHeader>(reply).length -= 1; };
  }
  server.spoil = [&](Opcode opcode, Bytes& reply) {
    if (opcode == Opcode::lookup || opcode == Opcode::get_attributes) how(reply);
  };
  CHECK(error_of(names.attributes({"", "/g"}, Last::keep)) == Error::damaged);
  CHECK(error_of(filesystem.attributes(filesystem.root())) == Error::damaged);
}

TEST_CASE_FIXTURE(Client, "hostile fuse: errors are the server's") {
  server.spoil = [](Opcode opcode, Bytes& reply) {
    if (opcode != Opcode::create) return;
    reply.resize(kBody);
    at<ReplyHeader>(reply) = {.length = kBody, .error = -28, .unique = at<ReplyHeader>(reply).unique};
  };
  CHECK(error_of(files.write("/f", "text")) == Error::no_space);
}

TEST_CASE_FIXTURE(Client, "hostile fuse: nodes that cannot be") {
  server.valid_seconds = 0;
  REQUIRE(files.write("/f", "text"));
  std::uint64_t node = 0;
  std::uint32_t mode = kRegular;
  std::optional<Node> held;
  SUBCASE("none") {}
  SUBCASE("the root below itself") {
    node = kRoot;
  }
  SUBCASE("one of another kind than it was") {
    const auto found = filesystem.lookup(filesystem.root(), "f");
    REQUIRE(found);
    held = found->node;
    node = reinterpret_cast<const Item*>(found->node)->id;
    mode = kDirectory;
  }
  server.spoil = [&](Opcode opcode, Bytes& reply) {
    if (opcode != Opcode::lookup) return;
    at<EntryReply>(reply, kBody).node = node;
    at<EntryReply>(reply, kBody).attributes.mode = mode;
  };
  const Error error = error_of(names.attributes({"", "/f"}, Last::keep));
  CHECK(error == (node == 0 ? Error::no_entry : Error::damaged));
  if (held) filesystem.release(*held);
}

TEST_CASE_FIXTURE(Client, "hostile fuse: a directory within itself is walked, and ends") {
  REQUIRE(names.make_directory({"", "/d"}, 0755));
  std::uint64_t self = 0;
  server.spoil = [&](Opcode opcode, Bytes& reply) {
    if (opcode != Opcode::lookup || at<ReplyHeader>(reply).error != 0) return;
    if (self == 0) self = at<EntryReply>(reply, kBody).node;
    at<EntryReply>(reply, kBody).node = self;
  };
  static_cast<void>(names.make_directory({"", "/d/d"}, 0755));
  std::string path;
  for (int i = 0; i < 500; ++i) path += "/d";
  static_cast<void>(names.attributes({"", path}, Last::keep));
}

TEST_CASE_FIXTURE(Client, "hostile fuse: reads and writes of other lengths") {
  REQUIRE(files.write("/f", "text"));
  server.spoil = [](Opcode opcode, Bytes& reply) {
    if (opcode == Opcode::write) at<WriteReply>(reply, kBody).size += 1;
  };
  CHECK(error_of(files.write("/f", "more")) == Error::damaged);
  server.spoil = [](Opcode opcode, Bytes& reply) {
    if (opcode == Opcode::write) at<WriteReply>(reply, kBody).size = 0;
  };
  CHECK(error_of(files.write("/f", "more")) == Error::io_error);
  server.spoil = [](Opcode opcode, Bytes& reply) {
    if (opcode != Opcode::read) return;
    reply.resize(reply.size() + 100);
    at<ReplyHeader>(reply).length += 100;
  };
  CHECK(error_of(files.read("/f")) == Error::damaged);
}

TEST_CASE_FIXTURE(Client, "hostile fuse: links that are empty or without end") {
  REQUIRE(names.make_symlink("target", {"", "/l"}));
  std::size_t size = 0;
  SUBCASE("empty") {}
  SUBCASE("long") {
    size = kMostPath;
  }
  server.spoil = [&](Opcode opcode, Bytes& reply) {
    if (opcode != Opcode::read_link) return;
    reply.resize(kBody + size, std::byte{'x'});
    at<ReplyHeader>(reply).length = static_cast<std::uint32_t>(reply.size());
  };
  char target[16];
  CHECK(error_of(names.read_link({"", "/l"}, target)) == Error::damaged);
}

TEST_CASE_FIXTURE(Client, "hostile fuse: directories whose records are broken") {
  REQUIRE(names.make_directory({"", "/d"}, 0755));
  for (const char* name : {"/d/a", "/d/b", "/d/c"}) REQUIRE(files.write(name, ""));
  // Behind those of "." and "..", which have 160 bytes.
  constexpr std::size_t kThird = kBody + 2 * 160;
  std::function<void(Bytes&)> how;
  SUBCASE("a name of no bytes") {
    how = [](Bytes& r) { at<DirectoryRecord>(r, kThird + 128).name_length = 0; };
  }
  SUBCASE("a name that is too long") {
    how = [](Bytes& r) { at<DirectoryRecord>(r, kThird + 128).name_length = 256; };
  }
  SUBCASE("a name beyond the end") {
    how = [](Bytes& r) { at<DirectoryRecord>(r, kThird + 128).name_length = ~0U; };
  }
  SUBCASE("a slash in a name") {
    how = [](Bytes& r) { r[kThird + 152] = std::byte{'/'}; };
  }
  SUBCASE("a zero in a name") {
    how = [](Bytes& r) { r[kThird + 152] = {}; };
  }
  SUBCASE("half a record") {
    how = [](Bytes& r) {
      r.resize(kThird + 140);
      at<ReplyHeader>(r).length = static_cast<std::uint32_t>(r.size());
    };
  }
  SUBCASE("the root as an entry") {
    how = [](Bytes& r) { at<EntryReply>(r, kThird).node = kRoot; };
  }
  SUBCASE("dots without end") {
    how = [](Bytes& r) {
      r.resize(kThird);
      at<ReplyHeader>(r).length = static_cast<std::uint32_t>(r.size());
    };
  }
  server.spoil = [&](Opcode opcode, Bytes& reply) {
    if (opcode == Opcode::read_directory_plus) how(reply);
    if (opcode != Opcode::read_directory) return;
    // "." again, whatever was asked for.
    constexpr std::size_t kDot = 32;
    reply.assign(reply.begin(), reply.begin() + kBody);
    reply.resize(kBody + kDot);
    at<ReplyHeader>(reply).length = static_cast<std::uint32_t>(reply.size());
    at<DirectoryRecord>(reply, kBody) = {.inode = 1, .next = 1, .name_length = 1, .type = 4};
    reply[kBody + sizeof(DirectoryRecord)] = std::byte{'.'};
  };
  CHECK(error_of(files.list("/d")) == Error::damaged);
  CHECK(server.open_handles() == 0);
}

TEST_CASE_FIXTURE(Client, "hostile fuse: what is a pipe or a device on the host is not opened") {
  server.valid_seconds = 0;
  REQUIRE(files.write("/f", "text"));
  server.spoil = [](Opcode opcode, Bytes& reply) {
    if (opcode == Opcode::lookup) at<EntryReply>(reply, kBody).attributes.mode = 0010644;
  };
  OpenFile* const file = *names.open({"", "/f"}, OpenMode::read, 0);
  char text[4];
  CHECK(error_of(names.read(*file, std::as_writable_bytes(std::span(text)))) == Error::no_device);
  CHECK(server.asked[Opcode::open] == 0);
  names.close(*file);
}

TEST_CASE_FIXTURE(Client, "fuse: when the server is gone callers get an error, and all can be closed") {
  REQUIRE(files.write("/f", "text"));
  OpenFile* const file = *names.open({"", "/f"}, OpenMode::read | OpenMode::write, 0);
  char text[4];
  REQUIRE(names.read(*file, std::as_writable_bytes(std::span(text))));
  server.gone = true;
  CHECK(error_of(names.read_at(*file, 0, std::as_writable_bytes(std::span(text)))) == Error::io_error);
  CHECK(error_of(names.write(*file, std::as_bytes(std::span(text)))) == Error::io_error);
  CHECK(error_of(files.write("/g", "x")) == Error::io_error);
  CHECK(error_of(names.sync(*file)) == Error::io_error);
  names.close(*file);
}

TEST_CASE("fuse: a server that is too old, or not one") {
  test::FakeServer server;
  auto& filesystem = *make<FuseFilesystem>(server);
  SUBCASE("minor") {
    server.capabilities.minor = 30;
  }
  SUBCASE("major") {
    server.capabilities.major = 8;
  }
  CHECK(filesystem.start().error() == Error::not_supported);
  filesystem.destroy();
}

}  // namespace
