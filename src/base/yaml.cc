#include "base/yaml.h"

#include <yaml-cpp/yaml.h>

#include <charconv>

#include "base/check.h"
#include "base/file.h"

namespace lapidary {
namespace {

constexpr int kMaxDepth = 64;

template <typename T>
bool parse_whole(const std::string& text, T& out) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, out);
  return error == std::errc() && stop == end && begin != end;
}

Json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  int64_t integer = 0;
  if (parse_whole(text, integer)) return integer;
  double number = 0;
  if (text.find_first_of("0123456789") != std::string::npos && parse_whole(text, number))
    return number;
  return text;
}

Json convert(const YAML::Node& node, int depth, const std::string& what) {
  if (depth > kMaxDepth) fail(ErrorKind::kCorrupt, what, ": YAML nested deeper than ", kMaxDepth);
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return scalar(node);
    case YAML::NodeType::Sequence: {
      Json out = Json::array();
      for (const YAML::Node& item : node) out.push_back(convert(item, depth + 1, what));
      return out;
    }
    case YAML::NodeType::Map: {
      Json out = Json::object();
      for (const auto& entry : node) {
        out[entry.first.as<std::string>()] = convert(entry.second, depth + 1, what);
      }
      return out;
    }
    default:
      return nullptr;
  }
}

void emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, item] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, item);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::Flow << YAML::BeginSeq;
    for (const Json& item : value) emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else {
    out << dump_json(value);
  }
}

}  // namespace

Json parse_yaml(const std::string& text, const std::string& what) {
  try {
    return convert(YAML::Load(text), 0, what);
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::kCorrupt, what, ": not valid YAML: ", error.what());
  }
}

Json read_yaml_file(const std::string& path) {
  return parse_yaml(read_file(path), path);
}

std::string dump_yaml(const Json& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace lapidary
