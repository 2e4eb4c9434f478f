#include "tokenizer/jinja/json_text.h"

#include <algorithm>
#include <cmath>

#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_builder.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;

class JsonWriter {
 public:
  JsonWriter(Runtime& run, const JsonLayout& layout) : run_(run), layout_(layout), out_(run) {}

  void write(const Value& value) {
    run_.step();
    switch (value.kind()) {
      case Kind::kNone:
        return out_.append("null");
      case Kind::kBool:
        return out_.append(value.boolean() ? "true" : "false");
      case Kind::kInteger:
        return out_.append(integer_text(value.integer()));
      case Kind::kFloat:
        return out_.append(json_float(value.floating()));
      case Kind::kText:
        return write_text(value.text()->bytes);
      case Kind::kList:
      case Kind::kTuple:
        return write_items(*value.items());
      case Kind::kDict:
        return write_dict(*value.dict());
      default:
        fail_type("Object of type ", type_name(value), " is not JSON serializable");
    }
  }
  std::string take() { return out_.take(); }

 private:
  static std::string json_float(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return float_text(number);
  }

  void write_escape(CodePoint code) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out_.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) out_.append(kHex[(code >> shift) & 0xF]);
  }

  void write_text(std::string_view text) {
    out_.append('"');
    size_t plain = 0;  // from where on nothing has been written
    for (size_t at = 0; at < text.size();) {
      const size_t start = at;
      const CodePoint code = next_code_point(text, at);
      const bool is_plain =
          code != '"' && code != '\\' && code >= 0x20 && !(layout_.is_ascii && code >= 0x7F);
      if (is_plain) continue;
      out_.append(text.substr(plain, start - plain));
      plain = at;
      write_special(code);
    }
    out_.append(text.substr(plain));
    out_.append('"');
  }

  void write_special(CodePoint code) {
    constexpr std::string_view kPlain = "\"\\\n\r\t\f\b";
    constexpr std::string_view kNames = "\"\\nrtfb";
    const size_t named = code < 0x80 ? kPlain.find(static_cast<char>(code)) : kPlain.npos;
    if (named != kPlain.npos) {
      out_.append('\\');
      out_.append(kNames[named]);
    } else if (code >= 0x10000) {
      write_escape(0xD800 + ((code - 0x10000) >> 10));
      write_escape(0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
      write_escape(code);
    }
  }

  void begin_item(bool is_first) {
    if (!is_first) out_.append(layout_.item_separator);
    write_line_start();
  }
  void write_line_start() {
    if (!layout_.indent) return;
    out_.append('\n');
    out_.append(static_cast<size_t>(level_), *layout_.indent);
  }

  void write_items(const std::vector<Value>& items) {
    if (items.empty()) return out_.append("[]");
    out_.append('[');
    ++level_;
    for (size_t i = 0; i < items.size(); ++i) {
      begin_item(i == 0);
      write(items[i]);
    }
    --level_;
    write_line_start();
    out_.append(']');
  }

  void write_dict(const Dict& dict) {
    if (dict.entries().empty()) return out_.append("{}");
    std::vector<const Dict::Entry*> entries;
    for (const Dict::Entry& entry : dict.entries()) entries.push_back(&entry);
    if (layout_.sorts_keys) {
      std::stable_sort(entries.begin(), entries.end(), [&](const auto* a, const auto* b) {
        return compare(run_, Comparison::kLess, a->key, b->key);
      });
    }
    out_.append('{');
    ++level_;
    for (size_t i = 0; i < entries.size(); ++i) {
      begin_item(i == 0);
      write_text(key_text(entries[i]->key));
      out_.append(layout_.key_separator);
      write(entries[i]->value);
    }
    --level_;
    write_line_start();
    out_.append('}');
  }

  static std::string key_text(const Value& key) {
    switch (key.kind()) {
      case Kind::kText:
        return key.text()->bytes;
      case Kind::kNone:
        return "null";
      case Kind::kBool:
        return key.boolean() ? "true" : "false";
      case Kind::kInteger:
        return integer_text(key.integer());
      case Kind::kFloat:
        return json_float(key.floating());
      default:
        fail_type("keys must be str, int, float, bool or None, not ", type_name(key));
    }
  }

  Runtime& run_;
  const JsonLayout& layout_;
  TextBuilder out_;
  int level_ = 0;
};

}  // namespace

std::string json_text(Runtime& run, const Value& value, const JsonLayout& layout) {
  JsonWriter writer(run, layout);
  writer.write(value);
  return writer.take();
}

}  // namespace lapidary::tokenizer::jinja
