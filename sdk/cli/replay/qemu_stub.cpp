#include "sdk/cli/replay/qemu_stub.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <format>

#include "gdbstub/protocol/hex.hpp"

namespace toro::cli {
namespace {

/// The value of an attribute in one XML element; empty where it has none.
std::string_view attribute(std::string_view element, std::string_view name) {
  const auto key = std::format(" {}=\"", name);
  const auto begin = element.find(key);
  if (begin == std::string_view::npos) return {};
  element.remove_prefix(begin + key.size());
  return element.substr(0, element.find('"'));
}

}  // namespace

void QemuStub::connect(FileDescriptor socket) {
  socket_ = std::move(socket);
  items_ = {};
  answers_.clear();
  registers_.clear();
  ended_ = false;
  static_cast<void>(ask("qSupported"));
  read_description("target.xml");
}

void QemuStub::read_description(const std::string& document) {
  std::string text;
  for (;;) {
    const auto part = ask(std::format("qXfer:features:read:{}:{:x},{:x}", document, text.size(), 0x800));
    if (part.empty() || (part[0] != 'm' && part[0] != 'l')) return;
    text += part.substr(1);
    if (part[0] == 'l') break;
  }
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos; ++at) {
    if (text.compare(at, 4, "<!--") == 0) at = text.find("-->", at);  // with registers in it that `g` does not have
    if (at == std::string::npos) break;
    const auto element = std::string_view(text).substr(at, text.find('>', at) - at);
    if (element.starts_with("<xi:include")) read_description(std::string(attribute(element, "href")));
    if (!element.starts_with("<reg ")) continue;
    const auto bits = attribute(element, "bitsize");
    std::size_t size = 0;
    std::from_chars(bits.data(), bits.data() + bits.size(), size);
    const auto offset = registers_.empty() ? 0 : registers_.back().offset + registers_.back().size;
    registers_.push_back({std::string(attribute(element, "name")), registers_.size(), offset, size / 8});
  }
}

std::string QemuStub::ask(std::string_view payload) {
  send(payload);
  return await();
}

std::string QemuStub::await() {
  constexpr int kPatience = 30'000;  // milliseconds
  pollfd ready{socket_.get(), POLLIN, 0};
  while (answers_.empty() && !ended_ && poll(&ready, 1, kPatience) > 0) read();
  return take();
}

std::string QemuStub::monitor(std::string_view command) {
  std::string digits, said;
  for (const char letter : command) digits += std::format("{:02x}", static_cast<unsigned char>(letter));
  for (auto answer = ask("qRcmd," + digits); answer.starts_with('O') && answer != "OK"; answer = await())
    for (std::size_t i = 1; i + 1 < answer.size(); i += 2)
      said += static_cast<char>(gdbstub::hex_value(answer[i]) << 4 | gdbstub::hex_value(answer[i + 1]));
  return said;
}

std::uint64_t QemuStub::instructions() {
  constexpr std::string_view kKey = "instruction count = ";
  const auto said = monitor("info replay");
  const auto at = said.find(kKey);
  std::uint64_t count = 0;
  if (at != std::string::npos) std::from_chars(said.data() + at + kKey.size(), said.data() + said.size(), count);
  return count;
}

void QemuStub::send(std::string_view payload) {
  log_.note("to qemu", payload);
  write(framed(payload));
}

// Whatever comes while the guest runs stops it.
void QemuStub::interrupt() {
  write("\x03");
}

std::string QemuStub::take() {
  pollfd ready{socket_.get(), POLLIN, 0};
  while (answers_.empty() && !ended_ && poll(&ready, 1, 0) > 0) read();
  if (answers_.empty()) return {};
  auto answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

void QemuStub::write(std::string_view bytes) {
  // A question is far smaller than a socket's buffer.
  if (::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    ended_ = true;
}

void QemuStub::read() {
  std::array<char, 16 * 1024> buffer;
  const auto count = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    ended_ = true;
    return;
  }
  items_.push({buffer.data(), static_cast<std::size_t>(count)},
              [this](PacketTracker::Item item, std::string_view what) {
                if (item != PacketTracker::Item::packet) return;
                write("+");
                log_.note("qemu", payload_of(what));
                answers_.emplace_back(payload_of(what));
              });
}

}  // namespace toro::cli
