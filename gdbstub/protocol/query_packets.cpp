// What a client asks when it connects, and image checksums. [GDB RSP, General Query Packets]
#include <algorithm>
#include <array>

#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

/// Ours: the host's broker says that what follows is another debugger's, and waits for the number before it lets that
/// one speak. [sdk/cli/broker/greeting.hpp]
void new_session(Dialog& dialog, Scanner arguments) {
  const auto number = arguments.number();
  if (!number || !arguments.at_end()) return dialog.reply.error(Error::invalid);
  dialog.target.remove_all_breakpoints();
  dialog.forget_client();
  dialog.reply.hex(*number);
}

void supported(Dialog& dialog, Scanner arguments) {
  arguments.take(':');
  while (!arguments.at_end()) {
    const std::string_view feature = arguments.until(';');
    if (feature == "swbreak+") dialog.client.swbreak = true;
    if (feature == "hwbreak+") dialog.client.hwbreak = true;
  }
  dialog.reply.text("PacketSize=");
  dialog.reply.hex(kPacketSize);
  dialog.reply.text(
      ";QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+;qXfer:features:read+;qXfer:threads:read+;"
      "qXfer:osdata:read+;binary-upload+;QThreadSuffixSupported+;QListThreadsInStopReply+");
  if (dialog.target.can_reverse()) dialog.reply.text(";ReverseStep+;ReverseContinue+");
}

void start_no_ack_mode(Dialog& dialog, Scanner) {
  dialog.client.no_acknowledgements = true;
  dialog.reply.ok();
}

void must_reply_empty(Dialog&, Scanner) {}

// The machine was there before its debugger: a client that leaves lets it live.
void attached(Dialog& dialog, Scanner) {
  dialog.reply.put('1');
}

/// GDB moves all segments with the first one where `TextSeg` says the address of that, and .text, .data and .bss alone
/// by `Text`, `Data` and `Bss`. LLDB takes each number for a distance. [GDB gdb/remote.c, LLDB GetQOffsets]
void image_offsets(Dialog& dialog, Scanner) {
  const ImagePlace place = dialog.target.image();
  if (!dialog.client.thread_suffix) {
    dialog.reply.text("TextSeg=");
    return dialog.reply.hex(place.loaded);
  }
  for (const std::string_view segment : {"Text=", ";Data=", ";Bss="}) {
    dialog.reply.text(segment);
    dialog.reply.hex(place.loaded - place.linked);
  }
}

namespace {

/// The checksum of `compare-sections`: most significant bit first, no final inversion. [GDB libiberty/crc32.c]
constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i << 24;
    for (int bit = 0; bit < 8; ++bit) value = value & 0x8000'0000 ? value << 1 ^ 0x04c1'1db7 : value << 1;
    table[i] = value;
  }
  return table;
}();

/// The most that one packet may make the stub read: an image, not an address space.
constexpr std::uint64_t kMostChecked = 256u << 20;

}  // namespace

void crc(Dialog& dialog, Scanner arguments) {
  const auto address = arguments.number();
  if (!address || !arguments.take(',')) return dialog.reply.error(Error::invalid);
  const auto length = arguments.number();
  if (!length || !arguments.at_end() || *length > kMostChecked) return dialog.reply.error(Error::invalid);
  // GDB asks by the addresses of the file, wherever it knows the image to be. [GDB gdb/remote.c,
  // compare_sections_command]
  const ImagePlace place = dialog.target.image();
  if (*address < place.linked) return dialog.reply.error(Error::fault);
  const std::uint64_t begin = *address - place.linked + place.loaded;
  std::uint32_t sum = 0xffff'ffff;
  for (std::uint64_t done = 0; done < *length;) {
    std::array<std::byte, 1024> piece;
    const auto bytes = std::span(piece).first(std::min<std::uint64_t>(piece.size(), *length - done));
    if (dialog.target.read_memory(begin + done, bytes) < bytes.size()) return dialog.reply.error(Error::fault);
    for (const std::byte byte : bytes)
      sum = sum << 8 ^ kCrcTable[(sum >> 24 ^ static_cast<std::uint32_t>(byte)) & 0xff];
    done += bytes.size();
  }
  dialog.reply.put('C');
  dialog.reply.hex(sum);
}

}  // namespace toro::gdbstub
