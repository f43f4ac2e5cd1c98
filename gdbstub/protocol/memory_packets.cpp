// `m`, `M`, `x`, `X`, `qMemoryRegionInfo`: memory. A fault is an answer, never taken. [GDB RSP, Packets]
#include <algorithm>
#include <array>
#include <optional>

#include "gdbstub/protocol/handlers.hpp"

namespace toro::gdbstub {

namespace {

struct Extent {
  std::uint64_t address;
  std::uint64_t length;
};

/// `ADDRESS,LENGTH`.
std::optional<Extent> take_extent(Scanner& arguments) {
  const auto address = arguments.number();
  if (!address || !arguments.take(',')) return std::nullopt;
  const auto length = arguments.number();
  if (!length) return std::nullopt;
  return Extent{*address, *length};
}

// Device registers want one access of their own width, so no piece of 8 bytes or fewer is ever cut. 1024 bytes stay
// well within the stack that an exception runs on.
using Piece = std::array<std::byte, 1024>;

/// Hands the memory to `put` in pieces until `length`, a fault, or the end of the reply's room. How many bytes.
std::uint64_t read_pieces(Dialog& dialog, Extent extent, auto put) {
  std::uint64_t done = 0;
  while (done < extent.length) {
    Piece piece;
    const std::size_t size = std::min<std::uint64_t>({extent.length - done, piece.size(), dialog.reply.room() / 2});
    if (size == 0) break;
    const std::size_t read = dialog.target.read_memory(extent.address + done, std::span(piece).first(size));
    put(std::span(piece).first(read));
    done += read;
    if (read < size) break;
  }
  return done;
}

}  // namespace

void read_memory(Dialog& dialog, Scanner arguments) {
  const auto extent = take_extent(arguments);
  if (!extent || !arguments.at_end()) return dialog.reply.error(Error::invalid);
  const auto put = [&](std::span<const std::byte> bytes) { dialog.reply.hex_bytes(bytes); };
  if (read_pieces(dialog, *extent, put) == 0 && extent->length != 0) dialog.reply.error(Error::fault);
}

void read_binary(Dialog& dialog, Scanner arguments) {
  const auto extent = take_extent(arguments);
  if (!extent || !arguments.at_end()) return dialog.reply.error(Error::invalid);
  // LLDB probes with `x0,0`, wants OK, and then data alone; GDB 16, told of `binary-upload+`, wants a `b` before them.
  if (extent->address == 0 && extent->length == 0) {
    dialog.client.bare_binary = true;
    return dialog.reply.ok();
  }
  if (!dialog.client.bare_binary) dialog.reply.put('b');
  const auto put = [&](std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) dialog.reply.binary(static_cast<char>(byte));
  };
  if (read_pieces(dialog, *extent, put) == 0 && extent->length != 0) dialog.reply.error(Error::fault);
}

void write_memory(Dialog& dialog, Scanner arguments) {
  const auto extent = take_extent(arguments);
  if (!extent || !arguments.take(':') || arguments.rest().size() % 2 != 0 ||
      arguments.rest().size() / 2 != extent->length) {
    return dialog.reply.error(Error::invalid);
  }
  for (const char digit : arguments.rest()) {
    if (hex_value(digit) < 0) return dialog.reply.error(Error::invalid);
  }
  std::uint64_t done = 0;
  while (done < extent->length) {
    Piece piece;
    const std::size_t size = std::min<std::uint64_t>(extent->length - done, piece.size());
    const auto bytes = std::span(piece).first(size);
    if (!arguments.bytes(bytes)) return dialog.reply.error(Error::invalid);
    const std::size_t written = dialog.target.write_memory(extent->address + done, bytes);
    if (written < size) return dialog.reply.error(Error::fault);
    done += written;
  }
  dialog.reply.ok();
}

void write_binary(Dialog& dialog, Scanner arguments) {
  const auto extent = take_extent(arguments);
  if (!extent || !arguments.take(':') || arguments.rest().size() != extent->length) {
    return dialog.reply.error(Error::invalid);
  }
  const std::string_view data = arguments.rest();
  const std::size_t written = dialog.target.write_memory(extent->address, std::as_bytes(std::span(data)));
  written == data.size() ? dialog.reply.ok() : dialog.reply.error(Error::fault);
}

void memory_region(Dialog& dialog, Scanner arguments) {
  if (arguments.at_end()) return dialog.reply.ok();
  if (!arguments.take(':')) return dialog.reply.error(Error::invalid);
  const auto address = arguments.number();
  if (!address || !arguments.at_end()) return dialog.reply.error(Error::invalid);
  const MemoryRegion region = dialog.target.region_at(*address);
  dialog.reply.text("start:");
  dialog.reply.hex(region.start);
  dialog.reply.text(";size:");
  dialog.reply.hex(region.size);
  dialog.reply.put(';');
  if (!region.mapped) return;
  dialog.reply.text("permissions:r");
  if (region.writable) dialog.reply.put('w');
  if (region.executable) dialog.reply.put('x');
  dialog.reply.put(';');
}

}  // namespace toro::gdbstub
