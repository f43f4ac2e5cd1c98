// The words for what was asked of a block device, and why it was not done.
#include "kernel/include/toro/block.hpp"

namespace toro {

using namespace std::string_view_literals;

std::string_view describe(BlockOperation operation) {
  switch (operation) {
    case BlockOperation::read:
      return "read"sv;
    case BlockOperation::write:
      return "write"sv;
    case BlockOperation::flush:
      return "flush"sv;
    case BlockOperation::discard:
      return "discard"sv;
    case BlockOperation::write_zeroes:
      return "write zeroes"sv;
  }
  return "unknown operation"sv;
}

std::string_view describe(BlockError::Reason reason) {
  using enum BlockError::Reason;
  switch (reason) {
    case io_error:
      return "the device reports an error"sv;
    case out_of_range:
      return "the device ends before"sv;
    case read_only:
      return "the device is read-only"sv;
    case unsupported:
      return "the device has no such operation"sv;
    case misaligned:
      return "the data is no whole number of sectors, or is not aligned"sv;
    case device_broken:
      return "the device is broken"sv;
  }
  return "unknown error"sv;
}

}  // namespace toro
