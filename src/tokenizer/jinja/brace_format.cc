#include "tokenizer/jinja/brace_format.h"

#include "tokenizer/jinja/attributes.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/format_spec.h"
#include "tokenizer/jinja/literals.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_builder.h"

namespace lapidary::tokenizer::jinja {
namespace {

struct Field {
  std::string_view name;
  char conversion = '\0';
  std::string_view specification;
};

class BraceFormatter {
 public:
  BraceFormatter(Runtime& run, bool is_markup, const std::vector<Value>& positional,
                 const Dict& named)
      : run_(run), is_markup_(is_markup), positional_(positional), named_(named) {}

  std::string format(std::string_view text, int depth) {
    if (depth > 2) fail_type("Max string recursion exceeded");
    TextBuilder out(run_);
    for (size_t at = 0; at < text.size();) {
      const size_t brace = text.find_first_of("{}", at);
      out.append(text.substr(at, brace - at));
      if (brace == std::string_view::npos) break;
      at = brace + 1;
      if (at < text.size() && text[at] == text[brace]) {  // doubled
        out.append(text[brace]);
        ++at;
        continue;
      }
      if (text[brace] == '}') fail_type("Single '}' encountered in format string");
      const size_t end = end_of_field(text, at);
      append_field(out, text.substr(at, end - at), depth);
      at = end + 1;
    }
    return out.take();
  }

 private:
  static size_t end_of_field(std::string_view text, size_t at) {
    if (at == text.size()) fail_type("Single '{' encountered in format string");
    int open = 1;
    for (; at < text.size(); ++at) {
      if (text[at] == '{') ++open;
      if (text[at] == '}' && --open == 0) return at;
    }
    fail_type("expected '}' before end of string");
  }

  static Field parse_field(std::string_view text) {
    Field out;
    size_t end = 0;
    bool in_brackets = false;
    for (; end < text.size(); ++end) {
      const char c = text[end];
      if (c == '[') in_brackets = true;
      if (c == ']') in_brackets = false;
      if (!in_brackets && (c == ':' || c == '!')) break;
      if (c == '{') fail_type("unexpected '{' in field name");
    }
    out.name = text.substr(0, end);
    if (end == text.size()) return out;
    if (text[end] == '!') {
      if (end + 1 == text.size()) fail_type("unmatched '{' in format spec");
      out.conversion = text[end + 1];
      end += 2;
      if (end < text.size() && text[end] != ':')
        fail_type("expected ':' after conversion specifier");
      if (end == text.size()) return out;
    }
    out.specification = text.substr(end + 1);
    return out;
  }

  void append_field(TextBuilder& out, std::string_view text, int depth) {
    const Field field = parse_field(text);
    Value value = look_up(field.name);
    switch (field.conversion) {
      case '\0':
        break;
      case 's':
        value = make_text(run_, text_of(run_, value));
        break;
      case 'r':
        value = make_text(run_, repr_of(run_, value));
        break;
      case 'a':
        value = make_text(run_, ascii_of(run_, value));
        break;
      default:
        fail_type("Unknown conversion specifier ", field.conversion);
    }
    const std::string specification = format(field.specification, depth + 1);
    if (is_markup_ && value.is_text() && value.text()->is_markup) {
      if (!specification.empty()) fail_type("Unsupported format specification for Markup.");
      out.append(value.text()->bytes);
      return;
    }
    const std::string formatted = format_value(run_, value, specification);
    if (is_markup_) {
      append_escaped(out, formatted);
    } else {
      out.append(formatted);
    }
  }

  Value look_up(std::string_view name) {
    const size_t end = std::min(name.find_first_of(".["), name.size());
    Value value = first_value(name.substr(0, end));
    name.remove_prefix(end);
    while (!name.empty()) {
      run_.step();
      const bool is_item = name[0] == '[';
      const size_t stop =
          is_item ? name.find(']') : std::min(name.find_first_of(".[", 1), name.size());
      if (stop == std::string_view::npos) fail_type("Missing ']' in format string");
      const std::string_view key = name.substr(1, stop - 1);
      if (key.empty()) fail_type("Empty attribute in format string");
      name.remove_prefix(is_item ? stop + 1 : stop);
      if (is_item && !name.empty() && name[0] != '.' && name[0] != '[') {
        fail_type("Only '.' or '[' may follow ']' in format field specifier");
      }
      value = is_item ? get_item(run_, value, key_of(key)) : get_attribute(run_, value, key);
    }
    return value;
  }

  Value key_of(std::string_view key) {
    if (key.find_first_not_of("0123456789") != std::string_view::npos) {
      return make_text(run_, std::string(key));
    }
    const auto number = integer_value(key);
    if (!number) fail_type("Too many decimal digits in format string");
    return Value(*number);
  }

  Value first_value(std::string_view name) {
    if (name.empty()) {
      if (numbering_ == Numbering::kManual) {
        fail_type("cannot switch from manual field specification to automatic field numbering");
      }
      numbering_ = Numbering::kAutomatic;
      return argument(static_cast<Integer>(next_argument_++));
    }
    const Value key = key_of(name);
    if (key.is_text()) {
      const Value* found = named_.find(name);
      if (found == nullptr) fail_type("'", name, "'");
      return *found;
    }
    if (numbering_ == Numbering::kAutomatic) {
      fail_type("cannot switch from manual field specification to automatic field numbering");
    }
    numbering_ = Numbering::kManual;
    return argument(key.integer());
  }

  Value argument(Integer index) const {
    if (index >= static_cast<Integer>(positional_.size())) {
      fail_type("Replacement index ", static_cast<int64_t>(index),
                " out of range for positional args tuple");
    }
    return positional_[static_cast<size_t>(index)];
  }

  enum class Numbering { kNone, kAutomatic, kManual };
  Runtime& run_;
  bool is_markup_;
  const std::vector<Value>& positional_;
  const Dict& named_;
  Numbering numbering_ = Numbering::kNone;
  size_t next_argument_ = 0;
};

}  // namespace

std::string brace_format(Runtime& run, const Text& format, const std::vector<Value>& positional,
                         const Dict& named) {
  return BraceFormatter(run, format.is_markup, positional, named).format(format.bytes, 0);
}

}  // namespace lapidary::tokenizer::jinja
