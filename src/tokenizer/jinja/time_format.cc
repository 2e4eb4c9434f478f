#include "tokenizer/jinja/time_format.h"

#include <charconv>
#include <ctime>

#include "tokenizer/jinja/failure.h"

namespace lapidary::tokenizer::jinja {
namespace {

std::tm calendar_fields(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss<microseconds> clock(time - day);
  std::tm out{};
  out.tm_year = static_cast<int>(date.year()) - 1900;
  out.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  out.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  out.tm_hour = static_cast<int>(clock.hours().count());
  out.tm_min = static_cast<int>(clock.minutes().count());
  out.tm_sec = static_cast<int>(clock.seconds().count());
  out.tm_wday = static_cast<int>(weekday(day).c_encoding());
  out.tm_yday = static_cast<int>((day - sys_days(date.year() / January / 1)).count());
  out.tm_isdst = -1;
  return out;
}

std::string six_digits(int64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(6 - digits.size(), '0') + digits;
}

// %f, %z and %Z resolved, which C's strftime does not know or would take from the machine.
std::string prepared(std::string_view format, WallTime time) {
  const auto micros = (time - std::chrono::floor<std::chrono::seconds>(time)).count();
  std::string out;
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%' || at + 1 == format.size()) {
      out += format[at];
      continue;
    }
    const char directive = format[++at];
    if (directive == 'f') {
      out += six_digits(micros);
    } else if (directive != 'z' && directive != 'Z') {
      out += '%';
      out += directive;
    }
  }
  return out;
}

class IsoReader {
 public:
  explicit IsoReader(std::string_view text) : rest_(text) {}

  std::optional<int> digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int out = 0;
    const auto end = std::from_chars(rest_.data(), rest_.data() + count, out);
    if (end.ptr != rest_.data() + count || out < 0) return std::nullopt;
    rest_.remove_prefix(count);
    return out;
  }
  bool take(std::string_view one_of) {
    if (rest_.empty() || one_of.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool is_at_end() const { return rest_.empty(); }
  // Digits behind a point, as microseconds.
  int64_t fraction() {
    int64_t out = 0;
    for (int place = 0; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; ++place) {
      if (place < 6) out = out * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
      if (place < 6) ++places_;
    }
    for (; places_ < 6; ++places_) out *= 10;
    return out;
  }

 private:
  std::string_view rest_;
  int places_ = 0;
};

}  // namespace

std::string format_time(WallTime time, std::string_view format) {
  constexpr size_t kLongest = size_t{1} << 16;
  // A mark in front, since strftime says 0 both for an empty text and for one that does not fit.
  const std::string marked = "." + prepared(format, time);
  if (marked.find('\0') != std::string::npos) fail_type("embedded null character");
  const std::tm fields = calendar_fields(time);
  for (size_t size = 256; size <= kLongest; size *= 4) {
    std::string out(size, '\0');
    const size_t length = std::strftime(out.data(), out.size(), marked.c_str(), &fields);
    if (length > 0) return out.substr(1, length - 1);
  }
  fail_type("a formatted time is longer than ", kLongest, " characters");
}

std::optional<WallTime> parse_iso_time(std::string_view text) {
  using namespace std::chrono;
  IsoReader in(text);
  const auto year_number = in.digits(4);
  if (!year_number || !in.take("-")) return std::nullopt;
  const auto month_number = in.digits(2);
  if (!month_number || !in.take("-")) return std::nullopt;
  const auto day_number = in.digits(2);
  if (!day_number) return std::nullopt;
  const year_month_day date{year(*year_number), month(static_cast<unsigned>(*month_number)),
                            day(static_cast<unsigned>(*day_number))};
  if (!date.ok()) return std::nullopt;
  WallTime out = sys_days(date);
  if (in.is_at_end()) return out;
  if (!in.take("T ")) return std::nullopt;
  const auto hour = in.digits(2);
  if (!hour || !in.take(":")) return std::nullopt;
  const auto minute = in.digits(2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  out += hours(*hour) + minutes(*minute);
  if (in.take(":")) {
    const auto second = in.digits(2);
    if (!second || *second > 59) return std::nullopt;
    out += seconds(*second);
    if (in.take(".,")) out += microseconds(in.fraction());
  }
  if (in.take("Z")) return in.is_at_end() ? std::optional(out) : std::nullopt;
  if (in.take("+-")) {
    if (!in.digits(2)) return std::nullopt;
    in.take(":");
    if (!in.is_at_end() && !in.digits(2)) return std::nullopt;
  }
  return in.is_at_end() ? std::optional(out) : std::nullopt;
}

}  // namespace lapidary::tokenizer::jinja
