// The CMOS clock. [MC146818A]
#include "kernel/arch/x86_64/rtc.hpp"

#include <array>

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::arch::rtc {
namespace {

/// Parts of a date, and the registers that hold them.
enum Part : unsigned { kSecond, kMinute, kHour, kDay, kMonth, kYear, kParts };
constexpr std::uint8_t kRegisters[kParts] = {0, 2, 4, 7, 8, 9};
constexpr std::uint8_t kStatusB = 0xb;

constexpr std::uint8_t kBinary = 1 << 2;
constexpr std::uint8_t kHours24 = 1 << 1;
constexpr std::uint8_t kAfternoon = 1 << 7;

std::uint8_t read(std::uint8_t r) {
  out8(0x70, r);
  return in8(0x71);
}

using Date = std::array<std::uint8_t, kParts>;

/// Reads all parts; true when `date` held them already.
bool read_date(Date& date) {
  bool same = true;
  for (unsigned part = 0; part < kParts; ++part) {
    const std::uint8_t value = read(kRegisters[part]);
    same = same && date[part] == value;
    date[part] = value;
  }
  return same;
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
  constexpr int kMostReadings = 10;
  Date date{};
  read_date(date);
  for (int readings = 1; !read_date(date); ++readings)
    if (readings == kMostReadings) return std::nullopt;
  const std::uint8_t status = read(kStatusB);
  const bool afternoon = (status & kHours24) == 0 && (date[kHour] & kAfternoon) != 0;
  date[kHour] = static_cast<std::uint8_t>(date[kHour] & ~kAfternoon);
  if ((status & kBinary) == 0)
    for (std::uint8_t& part : date) part = from_bcd(part);
  unsigned hour = date[kHour];
  if ((status & kHours24) == 0) hour = hour % 12 + (afternoon ? 12 : 0);
  if (date[kMonth] < 1 || date[kMonth] > 12 || date[kDay] < 1 || date[kDay] > 31 || date[kYear] > 99 || hour > 23)
    return std::nullopt;
  const std::uint64_t days = days_since_1970(date[kYear], date[kMonth], date[kDay]);
  return ((days * 24 + hour) * 60 + date[kMinute]) * 60 + date[kSecond];
}

}  // namespace toro::arch::rtc
