// The values of a rendering: Python's, as far as templates can tell. Plain data is immutable (the
// sandbox forbids changing it) and shared; what has state is an Object (object.h).
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/jinja/render_error.h"
#include "tokenizer/jinja/runtime.h"

namespace lapidary::tokenizer::jinja {

__extension__ typedef __int128 Integer;  // a result outside is an error, not a wrap

class Dict;
class Object;
class Value;

struct Missing {};  // a variable that nothing was stored in
struct None {};

// A missing name, key, attribute or index. Harmless until something is done with it; then the
// failure it holds is thrown.
struct Undefined {
  RenderFailure kind;
  std::string reason;
};

struct Text {
  std::string bytes;  // UTF-8, lone surrogates in UTF-8's form for them
  int64_t length;     // code points
  bool is_markup;     // the filter `safe`: `+` and % escape what they add to it
  Charge charge;

  bool is_ascii() const { return length == static_cast<int64_t>(bytes.size()); }
};

struct List;
struct Tuple;

using UndefinedPtr = std::shared_ptr<const Undefined>;
using TextPtr = std::shared_ptr<const Text>;
using ListPtr = std::shared_ptr<const List>;
using TuplePtr = std::shared_ptr<const Tuple>;
using DictPtr = std::shared_ptr<const Dict>;
using ObjectPtr = std::shared_ptr<Object>;

class Value {
 public:
  enum class Kind {
    kMissing,
    kNone,
    kBool,
    kInteger,
    kFloat,
    kUndefined,
    kText,
    kList,
    kTuple,
    kDict,
    kObject
  };

  Value() = default;  // missing
  Value(None) : kind_(Kind::kNone) {}
  Value(bool truth) : kind_(Kind::kBool), low_(truth ? 1 : 0) {}
  Value(Integer number)
      : kind_(Kind::kInteger),
        low_(static_cast<uint64_t>(number)),
        high_(static_cast<uint64_t>(number >> 64)) {}
  Value(double number) : kind_(Kind::kFloat), low_(std::bit_cast<uint64_t>(number)) {}
  Value(UndefinedPtr undefined) : kind_(Kind::kUndefined), shared_(std::move(undefined)) {}
  Value(TextPtr text) : kind_(Kind::kText), shared_(std::move(text)) {}
  Value(ListPtr list) : kind_(Kind::kList), shared_(std::move(list)) {}
  Value(TuplePtr tuple) : kind_(Kind::kTuple), shared_(std::move(tuple)) {}
  Value(DictPtr dict) : kind_(Kind::kDict), shared_(std::move(dict)) {}
  Value(ObjectPtr object) : kind_(Kind::kObject), shared_(std::move(object)) {}
  template <typename T>
  Value(T*) = delete;  // would become a bool
  static Value integer(int64_t number) { return Value(static_cast<Integer>(number)); }

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_missing() const { return is(Kind::kMissing); }
  bool is_none() const { return is(Kind::kNone); }
  bool is_undefined() const { return is(Kind::kUndefined); }
  bool is_text() const { return is(Kind::kText); }
  bool is_integral() const { return is(Kind::kInteger) || is(Kind::kBool); }
  bool is_number() const { return is_integral() || is(Kind::kFloat); }

  // Only for the kind that it is.
  bool boolean() const { return low_ != 0; }
  Integer integer() const {  // of a boolean too
    __extension__ typedef unsigned __int128 Bits;
    return static_cast<Integer>((Bits{high_} << 64) | low_);
  }
  double floating() const { return std::bit_cast<double>(low_); }
  const Undefined& undefined() const { return *get<Undefined>(); }
  const Text* text() const { return get<Text>(); }
  const List* list() const { return get<List>(); }
  const Tuple* tuple() const { return get<Tuple>(); }
  const Dict* dict() const { return get<Dict>(); }
  Object* object() const { return const_cast<Object*>(get<Object>()); }
  // To keep it beyond the value.
  TextPtr shared_text() const { return std::static_pointer_cast<const Text>(shared_); }
  DictPtr shared_dict() const { return std::static_pointer_cast<const Dict>(shared_); }
  ObjectPtr shared_object() const {
    return std::const_pointer_cast<Object>(std::static_pointer_cast<const Object>(shared_));
  }

  // The items of a list or tuple, else null.
  const std::vector<Value>* items() const;
  // Object of class T, else null.
  template <typename T>
  T* as() const {
    return is(Kind::kObject) ? dynamic_cast<T*>(object()) : nullptr;
  }
  // Levels of containers, this one included; 0 for plain data.
  int depth() const;

 private:
  template <typename T>
  const T* get() const {
    return static_cast<const T*>(shared_.get());
  }

  Kind kind_ = Kind::kMissing;
  uint64_t low_ = 0;  // of a number
  uint64_t high_ = 0;
  std::shared_ptr<const void> shared_;  // everything else
};

struct List {
  std::vector<Value> items;
  int depth;
  Charge charge;
};

struct Tuple {
  std::vector<Value> items;
  int depth;
  bool is_group;  // from the filter `groupby`: items 0 and 1 are also .grouper and .list
  Charge charge;
};

// Deeper nesting is refused, so that recursion over values stays shallow.
constexpr int kMaxValueDepth = 600;

Value make_text(Runtime& run, std::string bytes);
Value make_markup(Runtime& run, std::string bytes);
// Markup if `model` is, else plain.
Value make_text_like(Runtime& run, const Text& model, std::string bytes);
// A text that belongs to no rendering.
TextPtr constant_text(std::string bytes);
Value make_list(Runtime& run, std::vector<Value> items);
Value make_tuple(Runtime& run, std::vector<Value> items);
Value make_group(Runtime& run, Value grouper, Value list);
Value make_undefined(std::string reason, RenderFailure kind = RenderFailure::kUndefined);

// Throws what `undefined` holds.
[[noreturn]] void fail_undefined(const Value& undefined);

// Python's name of the value's type: "str", "NoneType", ...
std::string type_name(const Value& value);
bool is_true(Runtime& run, const Value& value);

// One depth more than the deepest of `items`; throws when that is too deep.
int depth_around(const std::vector<Value>& items);

}  // namespace lapidary::tokenizer::jinja
