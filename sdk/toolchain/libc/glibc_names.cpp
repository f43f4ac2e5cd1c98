// Names that Debian's libc++.a, built against glibc, asks for and musl does not have.
#include <pthread.h>
#include <time.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace {

constexpr long kSecond = 1'000'000'000;

/// The same instant by the real-time clock, by which musl's timed waits go.
timespec real_time_of(clockid_t clock, const timespec& time) {
  timespec there, here;
  clock_gettime(clock, &there);
  clock_gettime(CLOCK_REALTIME, &here);
  timespec result{here.tv_sec + time.tv_sec - there.tv_sec, here.tv_nsec + time.tv_nsec - there.tv_nsec};
  if (result.tv_nsec >= kSecond) result = {result.tv_sec + 1, result.tv_nsec - kSecond};
  if (result.tv_nsec < 0) result = {result.tv_sec - 1, result.tv_nsec + kSecond};
  return result;
}

}  // namespace

extern "C" {

// Waits by a clock of the caller's choice. [POSIX.1-2024]
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* time) {
  const timespec real = real_time_of(clock, *time);
  return pthread_cond_timedwait(condition, mutex, &real);
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* time) noexcept {
  const timespec real = real_time_of(clock, *time);
  return pthread_mutex_timedlock(mutex, &real);
}

// The forms that -D_FORTIFY_SOURCE calls; the sizes were checked where they were known. [LSB 5.0 libc]
int __vfprintf_chk(FILE* file, int, const char* format, va_list arguments) {
  return std::vfprintf(file, format, arguments);
}

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

int __vasprintf_chk(char** result, int, const char* format, va_list arguments) {
  return vasprintf(result, format, arguments);
}

// POSIX's strerror_r fills the buffer and returns a number, by the name that glibc's headers give it. [LSB 5.0 libc]
int __xpg_strerror_r(int number, char* buffer, std::size_t size) {
  const char* text = std::strerror(number);
  const std::size_t length = std::strlen(text);
  if (size != 0) {
    const std::size_t kept = length < size ? length : size - 1;
    std::memcpy(buffer, text, kept);
    buffer[kept] = '\0';
  }
  return length < size ? 0 : ERANGE;
}
}

// glibc's strerror_r returns the text, musl's a number: libc++ would read through it. C code knows musl's, so the
// buffer is filled too.
#undef strerror_r
extern "C" char* strerror_r(int number, char* buffer, std::size_t size) noexcept {
  __xpg_strerror_r(number, buffer, size);
  return std::strerror(number);
}
