// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/torch_storage.hpp>

#include <support/catch.hpp>

TEST_CASE("only PyTorch's own functions make tensors") {
  CHECK(mao::detail::is_tensor_function("torch._utils._rebuild_tensor_v2"));
  CHECK_FALSE(mao::detail::is_tensor_function("os.system"));
  CHECK_FALSE(mao::detail::is_tensor_function("my.torch._utils._rebuild_tensor_v2"));
}

TEST_CASE("storages have the element type that their name says") {
  CHECK(mao::detail::torch_storage_type("torch.BFloat16Storage", "t") == at::kBFloat16);
  CHECK(mao::detail::torch_storage_type("torch.BoolStorage", "t") == at::kBool);
  CHECK_THROWS_WITH(mao::detail::torch_storage_type("torch.ComplexFloatStorage", "t"),
                    ContainsSubstring("t lies in a torch.ComplexFloatStorage"));
}
