// The CMOS clock. [MC146818A]
#include "kernel/arch/x86_64/rtc.hpp"

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::arch::rtc {
namespace {

enum class Register : std::uint8_t { second = 0, minute = 2, hour = 4, day = 7, month = 8, year = 9, status_b = 0xb };

constexpr std::uint8_t kBinary = 1 << 2;
constexpr std::uint8_t kHours24 = 1 << 1;
constexpr std::uint8_t kAfternoon = 1 << 7;

std::uint8_t read(Register r) {
  out8(0x70, static_cast<std::uint8_t>(r));
  return in8(0x71);
}

struct Date {
  std::uint8_t second, minute, hour, day, month, year;
  bool operator==(const Date&) const = default;
};

Date read_date() {
  return {read(Register::second), read(Register::minute), read(Register::hour),
          read(Register::day),    read(Register::month),  read(Register::year)};
}

constexpr std::uint8_t from_bcd(std::uint8_t v) {
  return static_cast<std::uint8_t>((v >> 4) * 10 + (v & 0xf));
}

/// Days from 1970-01-01 to a date of the years 2000 to 2099.
constexpr std::uint64_t days_since_1970(unsigned year, unsigned month, unsigned day) {
  constexpr std::uint16_t kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const unsigned leap_days = (year + 3) / 4 + (year % 4 == 0 && month > 2 ? 1 : 0);
  return 10957 + std::uint64_t{year} * 365 + leap_days + kDaysBefore[month - 1] + day - 1;
}
static_assert(days_since_1970(0, 1, 1) == 10957 && days_since_1970(0, 3, 1) == 11017 &&
              days_since_1970(26, 11, 21) == 20778);

}  // namespace

std::optional<std::uint64_t> read() {
  // An update may fall between two registers; two equal readings in a row are whole.
  Date date = read_date();
  for (int tries = 0;; ++tries) {
    const Date again = read_date();
    if (again == date) break;
    if (tries == 8) return std::nullopt;
    date = again;
  }
  const std::uint8_t status = read(Register::status_b);
  const bool afternoon = (status & kHours24) == 0 && (date.hour & kAfternoon) != 0;
  date.hour = static_cast<std::uint8_t>(date.hour & ~kAfternoon);
  if ((status & kBinary) == 0)
    for (std::uint8_t* field : {&date.second, &date.minute, &date.hour, &date.day, &date.month, &date.year})
      *field = from_bcd(*field);
  if ((status & kHours24) == 0) date.hour = static_cast<std::uint8_t>(date.hour % 12 + (afternoon ? 12 : 0));
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31 || date.year > 99 || date.hour > 23)
    return std::nullopt;
  return ((days_since_1970(date.year, date.month, date.day) * 24 + date.hour) * 60 + date.minute) * 60 + date.second;
}

}  // namespace toro::arch::rtc
