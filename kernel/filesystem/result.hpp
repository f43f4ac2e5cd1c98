// Errors as values, and how they are passed on.
#pragma once

#include <type_traits>
#include <utility>

#include "kernel/include/toro/file.hpp"

namespace toro::filesystem {

template <class T = void>
using Result = FileResult<T>;
using Error = FileError;

[[nodiscard]] inline std::unexpected<Error> failure(Error error) {
  return std::unexpected(error);
}

template <class T>
T value_of(Result<T>& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace toro::filesystem

/// The value of `expression`, or return with its error.
#define TRY(expression)                                       \
  ({                                                          \
    auto try_result = (expression);                           \
    if (!try_result) [[unlikely]]                             \
      return ::toro::filesystem::failure(try_result.error()); \
    ::toro::filesystem::value_of(try_result);                 \
  })
