// Errors of files, for people.
#include "kernel/include/toro/file.hpp"

namespace toro {

using namespace std::string_view_literals;

std::string_view describe(FileError error) {
  using enum FileError;
  switch (error) {
    case not_permitted:
      return "not permitted"sv;
    case no_entry:
      return "no such file or directory"sv;
    case io_error:
      return "the device reports an error"sv;
    case no_device:
      return "no such device"sv;
    case bad_file:
      return "the file is not open for that"sv;
    case no_memory:
      return "memory is out"sv;
    case access:
      return "access denied"sv;
    case busy:
      return "it is in use"sv;
    case exists:
      return "it exists"sv;
    case cross_device:
      return "the two lie in different filesystems"sv;
    case not_directory:
      return "not a directory"sv;
    case is_directory:
      return "it is a directory"sv;
    case invalid:
      return "invalid argument"sv;
    case too_many_open:
      return "too many files are open"sv;
    case too_large:
      return "the file would be too large"sv;
    case no_space:
      return "no space is left"sv;
    case illegal_seek:
      return "it has no positions"sv;
    case read_only:
      return "it is read-only"sv;
    case too_many_links:
      return "it has too many links"sv;
    case result_too_large:
      return "the result is too large"sv;
    case name_too_long:
      return "the name is too long"sv;
    case not_empty:
      return "the directory is not empty"sv;
    case too_many_symlinks:
      return "too many symbolic links"sv;
    case not_supported:
      return "not supported"sv;
    case damaged:
      return "the filesystem is damaged"sv;
  }
  return "unknown error"sv;
}

}  // namespace toro
