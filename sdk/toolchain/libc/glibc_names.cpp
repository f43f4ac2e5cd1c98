// Names that Debian's libc++.a, built against glibc, asks for and musl does not have.
#include <cstdarg>
#include <cstdio>
#include <cstring>

extern "C" {

// The forms that -D_FORTIFY_SOURCE calls; the sizes were checked where they were known. [LSB 5.0 libc]
int __vfprintf_chk(FILE* file, int, const char* format, va_list arguments) { return std::vfprintf(file, format, arguments); }

int __fprintf_chk(FILE* file, int, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int result = std::vfprintf(file, format, arguments);
  va_end(arguments);
  return result;
}

int __vsnprintf_chk(char* buffer, std::size_t size, int, std::size_t, const char* format, va_list arguments) {
  return std::vsnprintf(buffer, size, format, arguments);
}

int vasprintf(char**, const char*, va_list);
int __vasprintf_chk(char** result, int, const char* format, va_list arguments) {
  return vasprintf(result, format, arguments);
}

// glibc's strerror_r returns the text, musl's a number: libc++ would read through it.
}

#undef strerror_r
extern "C" char* strerror_r(int number, char*, std::size_t) noexcept { return std::strerror(number); }
