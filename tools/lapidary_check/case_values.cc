#include "lapidary_check/case_values.h"

#include <ATen/ops/empty.h>

#include <cmath>

#include "base/check.h"

namespace lapidary::check {

Json number(double value) {
  if (std::isnan(value)) {
    return "nan";
  }
  if (std::isinf(value)) {
    return value < 0 ? "-inf" : "inf";
  }
  return value;
}

Json numbers(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) {
    list.push_back(number(value));
  }
  return list;
}

Json tensor_values(const at::Tensor& tensor) {
  if (tensor.dim() == 0) {
    return number(tensor.detach().item<double>());
  }
  Json list = Json::array();
  for (int64_t i = 0; i < tensor.size(0); ++i) {
    list.push_back(tensor_values(tensor.select(0, i)));
  }
  return list;
}

const Json& element(const Json& list, size_t index) {
  if (!list.is_array() || index >= list.size()) {
    fail(ErrorKind::kInvalidArgument, "a list of at least ", index + 1, " items is needed, found ",
         json_type(list), list.is_array() ? cat(" of ", list.size()) : "");
  }
  return list[index];
}

Dim context_ranks(const JsonObject& input) {
  constexpr Dim kMost = 1024;
  const Dim count = input.get_int("context_parallel_size");
  if (count < 1 || count > kMost) {
    fail(ErrorKind::kInvalidArgument, "context_parallel_size is ", count, "; allowed are 1 to ",
         kMost);
  }
  return count;
}

std::vector<double> doubles(const Json& list) {
  return list.get<std::vector<double>>();
}
std::vector<float> floats(const Json& list) {
  return list.get<std::vector<float>>();
}
std::vector<Dim> dims(const Json& list) {
  return list.get<std::vector<Dim>>();
}

at::Tensor float_tensor(const Json& list) {
  const auto rows = static_cast<int64_t>(list.size());
  if (rows == 0 || !list[0].is_array()) {
    at::Tensor out = at::empty({rows}, at::kFloat);
    for (int64_t i = 0; i < rows; ++i) {
      out.data_ptr<float>()[i] = list[static_cast<size_t>(i)].get<float>();
    }
    return out;
  }
  const auto columns = static_cast<int64_t>(list[0].size());
  at::Tensor out = at::empty({rows, columns}, at::kFloat);
  for (int64_t i = 0; i < rows; ++i) {
    const Json& row = list[static_cast<size_t>(i)];
    if (static_cast<int64_t>(row.size()) != columns) {
      fail(ErrorKind::kInvalidArgument, "row ", i, " has ", row.size(), " values of ", columns);
    }
    for (int64_t j = 0; j < columns; ++j) {
      out.data_ptr<float>()[i * columns + j] = row[static_cast<size_t>(j)].get<float>();
    }
  }
  return out;
}

Json refusal(const std::string& name, const Error& error) {
  return Json{{"error", name}, {"message", error.what()}};
}

}  // namespace lapidary::check
