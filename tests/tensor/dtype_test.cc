#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace lapidary {
namespace {

TEST(Dtype, NamesRoundTripWithAndWithoutTorchInFront) {
  for (const char* name : {"float32", "bfloat16", "float16"}) {
    EXPECT_EQ(dtype_name(dtype_from_name(name)), name);
    EXPECT_EQ(dtype_from_name(std::string("torch.") + name), dtype_from_name(name));
  }
}

TEST(Dtype, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  try {
    dtype_from_name("fp8");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "dtype \"fp8\" is not one of float32, bfloat16, float16");
  }
}

}  // namespace
}  // namespace lapidary
