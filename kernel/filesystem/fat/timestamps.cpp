// FAT's dates and times.
#include "kernel/filesystem/fat/timestamps.hpp"

#include <algorithm>
#include <chrono>

namespace toro::filesystem::fat {
namespace {

using std::chrono::sys_days;
using Moment = std::chrono::sys_time<std::chrono::nanoseconds>;
using namespace std::chrono_literals;

constexpr Moment kFirst = sys_days(1980y / 1 / 1);
constexpr Moment kLast = Moment(sys_days(2108y / 1 / 1)) - 10ms;

}  // namespace

Timestamp to_timestamp(std::int64_t nanoseconds) {
  const Moment moment = std::clamp(Moment(std::chrono::nanoseconds(nanoseconds)), kFirst, kLast);
  const auto days = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(days);
  const auto hundredths = (moment - days) / 10ms;
  const auto seconds = hundredths / 100;
  return {
      .date = static_cast<std::uint16_t>(static_cast<unsigned>(static_cast<int>(date.year()) - 1980) << 9 |
                                         static_cast<unsigned>(date.month()) << 5 | static_cast<unsigned>(date.day())),
      .time = static_cast<std::uint16_t>(seconds / 3600 << 11 | seconds / 60 % 60 << 5 | seconds % 60 / 2),
      .hundredths = static_cast<std::uint8_t>(hundredths % 200),
  };
}

std::int64_t to_nanoseconds(const Timestamp& timestamp) {
  if (timestamp.date == 0) return 0;
  const std::chrono::year_month_day date(std::chrono::year(1980 + (timestamp.date >> 9)),
                                         std::chrono::month(timestamp.date >> 5 & 15),
                                         std::chrono::day(timestamp.date & 31));
  // A month or day that is none counts on from the ones before it.
  const auto days = sys_days(date.year() / date.month() / 1) + (date.day() - std::chrono::day(1));
  const auto time = std::chrono::hours(timestamp.time >> 11) + std::chrono::minutes(timestamp.time >> 5 & 63) +
                    std::chrono::seconds((timestamp.time & 31) * 2) + timestamp.hundredths * 10ms;
  return (Moment(days) + time).time_since_epoch().count();
}

void set_created(DirectoryEntry& entry, std::int64_t time) {
  const Timestamp stamp = to_timestamp(time);
  entry.created_date = stamp.date;
  entry.created_time = stamp.time;
  entry.created_hundredths = stamp.hundredths;
}

void set_modified(DirectoryEntry& entry, std::int64_t time) {
  const Timestamp stamp = to_timestamp(time);
  entry.modified_date = stamp.date;
  entry.modified_time = stamp.time;
}

void set_accessed(DirectoryEntry& entry, std::int64_t time) {
  entry.accessed_date = to_timestamp(time).date;
}

}  // namespace toro::filesystem::fat
