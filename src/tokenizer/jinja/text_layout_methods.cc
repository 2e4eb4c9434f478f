// The methods of str that split a text or pad it to a width.
#include <algorithm>
#include <unordered_map>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/text_methods.h"
#include "tokenizer/jinja/text_operations.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

std::vector<Value> to_values(Runtime& run, const Text& model, const Pieces& pieces) {
  std::vector<Value> out;
  out.reserve(pieces.size());
  for (const std::string_view piece : pieces) {
    out.push_back(make_text_like(run, model, std::string(piece)));
  }
  return out;
}

enum class From { kLeft, kRight };

template <From from>
Value split(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("split", arguments, {optional("sep"), optional("maxsplit")});
  const Text& text = *self.text();
  const int64_t limit = to_count_or(values[1], -1);
  if (values[0].is_missing() || values[0].is_none()) {
    return make_list(
        run, to_values(run, text,
                       from == From::kLeft ? split_words(run, text.bytes, limit)
                                           : split_words_from_right(run, text.bytes, limit)));
  }
  const std::string& separator = to_text("must be str or None: separator", values[0]).bytes;
  if (separator.empty()) fail_type("empty separator");
  return make_list(
      run, to_values(run, text,
                     from == From::kLeft ? split_at(run, text.bytes, separator, limit)
                                         : split_at_from_right(run, text.bytes, separator, limit)));
}

Value split_lines_method(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("splitlines", arguments, {optional("keepends")});
  const bool keeps_ends = !values[0].is_missing() && is_true(run, values[0]);
  return make_list(run,
                   to_values(run, *self.text(), split_lines(run, self.text()->bytes, keeps_ends)));
}

template <From from>
Value partition(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("partition", arguments, {required()});
  const Text& text = *self.text();
  const std::string& separator = to_text("must be str", values[0]).bytes;
  if (separator.empty()) fail_type("empty separator");
  run.step_bytes(text.bytes.size());
  const std::string_view bytes = text.bytes;
  const size_t found =
      from == From::kLeft ? find_first(bytes, separator) : find_last(bytes, separator);
  Pieces pieces = {bytes.substr(0, found), "", ""};
  if (found != std::string_view::npos) {
    pieces = {bytes.substr(0, found), separator, bytes.substr(found + separator.size())};
  } else if (from == From::kRight) {
    pieces = {"", "", bytes};
  }
  return make_tuple(run, to_values(run, text, pieces));
}

enum class Side { kLeft, kCenter, kRight };

template <Side side>
Value justify(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("center", arguments, {required(), optional()});
  const Text& text = *self.text();
  const int64_t width = to_count(values[0]);
  Value fill = values[1];
  if (!fill.is_missing() && text.is_markup) fill = escape(run, fill);
  if (!fill.is_missing() && to_text("the fill character", fill).length != 1) {
    fail_type("The fill character must be exactly one character long");
  }
  const std::string filler = fill.is_missing() ? " " : fill.text()->bytes;
  const int64_t pad = std::max<int64_t>(width - text.length, 0);
  int64_t left = 0;
  if (side == Side::kRight) left = pad;
  if (side == Side::kCenter) left = pad / 2 + (pad & width & 1);
  TextBuilder out(run);
  out.append(static_cast<size_t>(left), filler);
  out.append(text.bytes);
  out.append(static_cast<size_t>(pad - left), filler);
  return make_text_like(run, text, out.take());
}

Value fill_with_zeros(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("zfill", arguments, {required()});
  const Text& text = *self.text();
  const int64_t pad = std::max<int64_t>(to_count(values[0]) - text.length, 0);
  std::string_view rest = text.bytes;
  TextBuilder out(run);
  if (rest.starts_with('+') || rest.starts_with('-')) {
    out.append(rest.substr(0, 1));
    rest.remove_prefix(1);
  }
  out.append(static_cast<size_t>(pad), "0");
  out.append(rest);
  return make_text_like(run, text, out.take());
}

Value expand_tabs(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("expandtabs", arguments, {optional("tabsize")});
  const int64_t size = to_count_or(values[0], 8);
  const std::string& text = self.text()->bytes;
  TextBuilder out(run);
  int64_t column = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const CodePoint code = next_code_point(text, at);
    if (code == '\t') {
      const int64_t blanks = size > 0 ? size - column % size : 0;
      out.append(static_cast<size_t>(blanks), " ");
      column += blanks;
      continue;
    }
    out.append(std::string_view(text).substr(start, at - start));
    column = code == '\n' || code == '\r' ? 0 : column + 1;
  }
  return make_text_like(run, *self.text(), out.take());
}

}  // namespace

Function::Body find_text_layout_method(std::string_view name) {
  static const std::unordered_map<std::string_view, Function::Body> kMethods = {
      {"center", justify<Side::kCenter>}, {"expandtabs", expand_tabs},
      {"ljust", justify<Side::kLeft>},    {"partition", partition<From::kLeft>},
      {"rjust", justify<Side::kRight>},   {"rpartition", partition<From::kRight>},
      {"rsplit", split<From::kRight>},    {"split", split<From::kLeft>},
      {"splitlines", split_lines_method}, {"zfill", fill_with_zeros}};
  const auto found = kMethods.find(name);
  return found == kMethods.end() ? nullptr : found->second;
}

}  // namespace lapidary::tokenizer::jinja
