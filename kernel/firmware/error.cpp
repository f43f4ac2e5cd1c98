// The words for each refusal of a table.
#include "kernel/firmware/error.hpp"

namespace toro::firmware {

std::string_view describe(Error error) {
  switch (error) {
    case Error::not_found:
      return "there is no such table";
    case Error::unreachable:
      return "the table lies where no memory can be read";
    case Error::bad_signature:
      return "the table's signature is another one";
    case Error::bad_length:
      return "the table's length cannot be right";
    case Error::bad_checksum:
      return "the table's checksum is wrong";
    case Error::entry_too_short:
      return "an entry of the table is too short for its type";
    case Error::entry_past_end:
      return "an entry reaches beyond the table's end";
    case Error::unknown_entry:
      return "an entry of the table has no known type";
    case Error::default_configuration:
      return "the machine names a default configuration and has no table";
    case Error::calling_core_missing:
      return "the table does not list the core that booted";
  }
  return "unknown error";
}

}  // namespace toro::firmware
