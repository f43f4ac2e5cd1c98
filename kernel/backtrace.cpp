// Who called whom.
#include "kernel/backtrace.hpp"

#include "kernel/arch/x86_64/safe_copy.hpp"

extern "C" const unsigned char toro_image_start[], toro_text_end[];

namespace toro {
namespace {

constexpr unsigned kMaxFrames = 32;
constexpr std::uint64_t kScannedBytes = 16384;

template <class T>
bool read(std::uint64_t address, T& value) {
  return arch::copy_safely(&value, reinterpret_cast<const void*>(address), sizeof value) == sizeof value;
}

bool is_code(std::uint64_t address) {
  return address >= reinterpret_cast<std::uint64_t>(toro_image_start) &&
         address < reinterpret_cast<std::uint64_t>(toro_text_end);
}

/// Whether the bytes before `address` are a call: E8 rel32, or FF /2 with any operand. [SDM 2A CALL]
bool is_behind_call(std::uint64_t address) {
  constexpr std::uint64_t kLongestCall = 7;
  unsigned char code[kLongestCall];
  if (!is_code(address - kLongestCall) || !is_code(address) || !read(address - kLongestCall, code)) return false;
  if (code[2] == 0xe8) return true;
  for (const unsigned opcode : {0u, 1u, 3u, 4u, 5u})
    if (code[opcode] == 0xff && (code[opcode + 1] >> 3 & 7) == 2) return true;
  return false;
}

struct Frame {
  std::uint64_t caller;  ///< its rbp
  std::uint64_t return_address;
};

}  // namespace

void print_backtrace(Sink out, BacktraceStart start, std::uint64_t stack_high) {
  unsigned number = 0;
  // A call is before the address that it returns to.
  const auto print_caller = [&](std::uint64_t return_address, std::string_view mark) {
    print(out, "  #{} {:#018x}{}\n", number++, return_address - 1, mark);
  };
  if (start.rip != 0) print(out, "  #{} {:#018x}\n", number++, start.rip);

  std::uint64_t position = start.rsp;  // below it all is told
  std::uint64_t rbp = start.rbp;
  Frame frame;
  while (number < kMaxFrames && rbp % 8 == 0 && rbp >= position && read(rbp, frame) &&
         is_behind_call(frame.return_address)) {
    print_caller(frame.return_address, "");
    position = rbp + sizeof frame;
    rbp = frame.caller;
  }
  if (rbp == 0) return;  // the first frame of a thread

  const std::uint64_t end =
      stack_high > position && stack_high - position < kScannedBytes ? stack_high : position + kScannedBytes;
  std::uint64_t word;
  for (position = (position + 7) & ~std::uint64_t{7}; number < kMaxFrames && position < end && read(position, word);
       position += 8)
    if (is_behind_call(word)) print_caller(word, " ?");
}

}  // namespace toro
