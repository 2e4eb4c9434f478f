#include "checkpoint/safetensors_header.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "checkpoint/raw_file.h"
#include "support/paths.h"

namespace lapidary::checkpoint {
namespace {

SafetensorsHeader parse(const std::string& bytes) {
  return SafetensorsHeader::parse(std::as_bytes(std::span(bytes)), bytes.size(), "x.safetensors");
}

// Expects that this header over this much data is refused with such a message.
void expect_refused(const std::string& header, size_t data_bytes, const std::string& part) {
  SCOPED_TRACE(header.substr(0, 200));
  test::expect_error([&] { parse(test::raw_safetensors(header, data_bytes)); }, ErrorKind::kCorrupt,
                     {"x.safetensors: ", part});
}

// {"a": {dtype F32, shape [2], data_offsets [0, 8]}} with one field written otherwise.
std::string entry(const std::string& fields) {
  return "{\"a\":{" + fields + "}}";
}

TEST(SafetensorsHeader, ReadsWhatTheReferenceLibraryWrote) {
  const std::string path =
      test::project_path("tests/data/gemma4-fixtures/moe-tiny-bf16/model.safetensors");
  const std::string bytes = read_file(path);
  const SafetensorsHeader header =
      SafetensorsHeader::parse(std::as_bytes(std::span(bytes)), bytes.size(), path);
  EXPECT_EQ(header.tensors().size(), 151U);
  ASSERT_EQ(header.metadata().size(), 1U);
  EXPECT_EQ(header.metadata()[0], (std::pair<std::string, std::string>("format", "pt")));
  const TensorInfo* experts = header.find("model.language_model.layers.0.experts.gate_up_proj");
  ASSERT_NE(experts, nullptr);
  EXPECT_EQ(experts->dtype, StoredDtype::kBF16);
  EXPECT_EQ(experts->shape, (std::vector<Dim>{8, 32, 64}));
  EXPECT_EQ(experts->num_elements(), 8 * 32 * 64);
  EXPECT_EQ(header.find("model.language_model.layers.0.experts"), nullptr);
}

TEST(SafetensorsHeader, EveryDtypeOfTheFormatHasItsSize) {
  for (const auto& [name, bits] : std::vector<std::pair<std::string, uint64_t>>{
           {"BOOL", 8},        {"F4", 4},         {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
           {"I8", 8},          {"F8_E5M2", 8},    {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
           {"U16", 16},        {"F16", 16},       {"BF16", 16},   {"I32", 32},    {"U32", 32},
           {"F32", 32},        {"C64", 64},       {"F64", 64},    {"I64", 64},    {"U64", 64},
           {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}}) {
    const std::string header = "{\"a\":{\"dtype\":\"" + name +
                               "\",\"shape\":[4],\"data_offsets\":[0," + std::to_string(bits / 2) +
                               "]}}";
    EXPECT_EQ(to_string(parse(test::raw_safetensors(header, bits / 2)).find("a")->dtype), name);
  }
}

TEST(SafetensorsHeader, ScalarsAndEmptyTensorsAreTensors) {
  const SafetensorsHeader header =
      parse(test::raw_safetensors(R"({"e":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]},)"
                                  R"("s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                                  R"("t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                  8));
  EXPECT_EQ(header.find("s")->num_elements(), 1);
  EXPECT_EQ(header.find("e")->num_elements(), 0);
  EXPECT_EQ(header.tensors()[1].name, "e") << "tensors are in the order of their bytes";
  EXPECT_TRUE(parse(test::raw_safetensors("{}", 0)).tensors().empty());
}

TEST(SafetensorsHeader, RefusesFilesThatAreCutShort) {
  const std::string good =
      test::raw_safetensors(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), 8);
  parse(good);
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_TRUE(test::error_of([&] { parse(good.substr(0, length)); }).has_value()) << length;
  }
  test::expect_error([&] { parse(good.substr(0, good.size() - 1)); }, ErrorKind::kCorrupt,
                     {"tensor \"a\"", "bytes [0, 8)", "data has 7 bytes", "cut short"});
  test::expect_error([&] { parse(good + "x"); }, ErrorKind::kCorrupt,
                     {"end at byte 8", "data has 9 bytes"});
}

TEST(SafetensorsHeader, RefusesHeadersThatAreTooLong) {
  std::string bytes = test::raw_safetensors("{}", 0);
  bytes[7] = '\x7f';
  test::expect_error([&] { parse(bytes); }, ErrorKind::kCorrupt, {"allowed are 100000000"});
  bytes = test::raw_safetensors("{}", 0);
  bytes[0] = 3;
  test::expect_error([&] { parse(bytes); }, ErrorKind::kCorrupt, {"3 bytes", "has 10 in all"});
}

TEST(SafetensorsHeader, RefusesWhatIsNotAnObjectOfTensors) {
  expect_refused("", 0, "does not begin with '{'");
  expect_refused("[1]", 0, "does not begin with '{'");
  expect_refused(" {}", 0, "does not begin with '{'");
  expect_refused("{\"a\":", 0, "not valid JSON at byte");
  expect_refused("{} x", 0, "not valid JSON at byte");
  expect_refused("{\"a\xff\":1}", 0, "not valid JSON at byte");
  expect_refused(R"({"a":1})", 0, "tensor \"a\": expected an object, found the number 1");
  expect_refused(R"({"a":[[[[)", 0, "expected an object, found an array");
  expect_refused(R"({"__metadata__":{"a":1}})", 0, "__metadata__ must be an object of strings");
  expect_refused(R"({"__metadata__":{"a":"1","a":"2"}})", 0, "__metadata__ has \"a\" twice");
  expect_refused(R"({"__metadata__":{},"__metadata__":{}})", 0, "__metadata__ is there twice");
}

TEST(SafetensorsHeader, RefusesBadFields) {
  expect_refused(entry(R"("dtype":"F33","shape":[2],"data_offsets":[0,8])"), 8,
                 "dtype \"F33\" is not one of BOOL, ");
  expect_refused(entry(R"("dtype":7,"shape":[2],"data_offsets":[0,8])"), 8, "must be a string");
  expect_refused(entry(R"("shape":[2],"data_offsets":[0,8])"), 8, "\"dtype\" is missing");
  expect_refused(entry(R"("dtype":"F32","data_offsets":[0,8])"), 8, "\"shape\" is missing");
  expect_refused(entry(R"("dtype":"F32","shape":[2])"), 8, "\"data_offsets\" is missing");
  expect_refused(entry(R"("dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8])"), 8,
                 "\"dtype\" is there twice");
  expect_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"strides":[1])"), 8,
                 "unknown field \"strides\"");
  expect_refused(entry(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), 8,
                 "found the number -2");
  expect_refused(entry(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), 8,
                 "found the number 2.0");
  expect_refused(entry(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"), 8,
                 "\"shape\" must be an array");
  expect_refused(entry(R"("dtype":"F32","shape":[[2]],"data_offsets":[0,8])"), 8, "found an array");
  expect_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0])"), 8,
                 "must be [begin, end]");
  expect_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,9])"), 8,
                 "more than two numbers");
  expect_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[-1,8])"), 8,
                 "found the number -1");
}

TEST(SafetensorsHeader, RefusesSizesThatDoNotFit) {
  expect_refused(entry(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"), 8,
                 "shape [3] of F32 takes 12 bytes, data_offsets say 8");
  expect_refused(entry(R"("dtype":"BF16","shape":[2],"data_offsets":[0,8])"), 8, "takes 4 bytes");
  expect_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), 8,
                 "end before they begin");
  const std::string huge = "4611686018427387904";  // 2^62
  expect_refused(
      entry("\"dtype\":\"F32\",\"shape\":[" + huge + "," + huge + "],\"data_offsets\":[0,8]"), 8,
      "does not come to a whole number of bytes");
  expect_refused(
      entry("\"dtype\":\"F32\",\"shape\":[0," + huge + "," + huge + "],\"data_offsets\":[0,0]"), 0,
      "does not come to a whole number of bytes");
  expect_refused(entry(R"("dtype":"F4","shape":[3],"data_offsets":[0,1])"), 1,
                 "does not come to a whole number of bytes");
  expect_refused(entry(R"("dtype":"F32","shape":[2],"data_offsets":[18446744073709551615,7])"), 8,
                 "end before they begin");
  expect_refused(
      entry(R"("dtype":"U8","shape":[1],"data_offsets":[9223372036854775807,9223372036854775808])"),
      8, "leave a hole of 9223372036854775807 bytes");
}

TEST(SafetensorsHeader, RefusesOverlapsHolesAndNamesThatAreThereTwice) {
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  expect_refused("{" + a + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12,
                 "tensor \"b\": bytes [4, 12) overlap those of \"a\" [0, 8)");
  expect_refused("{" + a + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})", 16,
                 "tensor \"b\": bytes [12, 16) leave a hole of 4 bytes before them");
  expect_refused("{" + a + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8,
                 "overlap");
  expect_refused("{" + a + "," + a + "}", 8, "tensor \"a\" is there twice");
}

TEST(SafetensorsHeader, IsWrittenAsTheReferenceLibraryWritesIt) {
  std::vector<TensorInfo> tensors;
  const auto add = [&](const std::string& name, StoredDtype dtype, std::vector<Dim> shape) {
    tensors.push_back({name, dtype, std::move(shape), 0, 0});
  };
  add("b", StoredDtype::kBF16, {3});
  add("b_", StoredDtype::kBF16, {1});
  add("a10", StoredDtype::kF32, {3});
  add("a9", StoredDtype::kF32, {3});
  add("i", StoredDtype::kI64, {2});
  add("B", StoredDtype::kBool, {1});
  add("\xc3\xa9\"\n\x01/", StoredDtype::kU8, {1});
  add("e", StoredDtype::kF32, {0, 3});
  add("s", StoredDtype::kF32, {});
  lay_out_tensors(tensors);
  const std::vector<std::pair<std::string, std::string>> metadata = {{"format", "pt"}};
  const std::string text = make_safetensors_header(tensors, metadata);
  EXPECT_EQ(
      text.substr(8),
      R"({"__metadata__":{"format":"pt"},"i":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},)"
      R"("a10":{"dtype":"F32","shape":[3],"data_offsets":[16,28]},)"
      R"("a9":{"dtype":"F32","shape":[3],"data_offsets":[28,40]},)"
      R"("e":{"dtype":"F32","shape":[0,3],"data_offsets":[40,40]},)"
      R"("s":{"dtype":"F32","shape":[],"data_offsets":[40,44]},)"
      R"("b":{"dtype":"BF16","shape":[3],"data_offsets":[44,50]},)"
      R"("b_":{"dtype":"BF16","shape":[1],"data_offsets":[50,52]},)"
      "\"\xc3\xa9\\\"\\n\\u0001/\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[52,53]},"
      "\"B\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[53,54]}}       ");
  EXPECT_EQ(parse(text + std::string(54, 'x')).tensors().size(), 9U);
}

TEST(SafetensorsHeader, TwoTensorsOfOneNameAreNotWritten) {
  std::vector<TensorInfo> tensors = {{"a", StoredDtype::kF32, {1}, 0, 0},
                                     {"a", StoredDtype::kBF16, {1}, 0, 0}};
  test::expect_error([&] { lay_out_tensors(tensors); }, ErrorKind::kInvalidArgument,
                     {"\"a\"", "taken"});
}

}  // namespace
}  // namespace lapidary::checkpoint
