// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/usual_constants.hpp>

#include <limits>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>

using namespace mao;

namespace {

const ClipArchitecture usual_sizes = mao::testing::toy_sizes();

/// The tensor in a state dict, then beside the state dict of a saved module.
std::array<TensorFile, 2> files(const std::string& name, const Tensor& value) {
  TensorFile state{{{name, value}}, {}}, whole;
  const std::size_t dot = name.rfind('.');
  const std::string path = dot == std::string::npos ? "" : name.substr(0, dot);
  whole.modules[path].tensors[name.substr(dot + 1)] = value;
  return {state, whole};
}

void check_taken(const std::string& name, const Tensor& value, const ClipForm& form = {}) {
  for (const TensorFile& file : files(name, value)) CHECK_NOTHROW(expect_usual_constants(file, form, usual_sizes, "x.pt"));
}

void check_refused(const std::string& name, const Tensor& value, const std::string& reason, const ClipForm& form = {}) {
  CAPTURE(name, reason);
  for (const TensorFile& file : files(name, value)) {
    CHECK_THROWS_AS(expect_usual_constants(file, form, usual_sizes, "x.pt"), FormatError);
    CHECK_THROWS_WITH(expect_usual_constants(file, form, usual_sizes, "x.pt"),
                      ContainsSubstring("x.pt: " + name) && ContainsSubstring(reason));
  }
}

const Tensor causal = at::full({24, 24}, -std::numeric_limits<float>::infinity()).triu(1);

}  // namespace

TEST_CASE("a text mask is causal by its values, or refused", "[usual_constants]") {
  for (const char* name : {"attn_mask", "text.attn_mask", "transformer.resblocks.3.attn_mask"}) {
    check_taken(name, causal);
    check_taken(name, causal.to(at::kHalf));
    check_taken(name, at::full({24, 24}, -65504.0, at::kFloat).triu(1));
    for (const Tensor& other :
         {at::zeros({24, 24}), causal.t().contiguous(), at::full({24, 24}, -1.0).triu(1), causal.narrow(0, 0, 12),
          causal.ne(0), causal + 0.5, at::zeros({24}), at::full({24, 24}, std::numeric_limits<double>::quiet_NaN())}) {
      check_refused(name, other, "is not a causal mask");
    }
    check_refused(name, causal, "the configuration says that text is not masked", {.causal = false});
  }
  check_refused("visual.transformer.resblocks.0.attn_mask", causal, "masks patches");
}

TEST_CASE("positions count from 0, or are refused", "[usual_constants]") {
  for (const char* name : {"text_model.embeddings.position_ids", "vision_model.embeddings.position_ids"}) {
    check_taken(name, at::arange(24).unsqueeze(0));
    check_refused(name, at::arange(24).flip(0), "does not count 0, 1, 2");
    check_refused(name, at::zeros({1, 24}, at::kLong), "does not count 0, 1, 2");
  }
}

TEST_CASE("sizes that an archive of OpenAI notes are those of its tensors", "[usual_constants]") {
  check_taken("input_resolution", at::scalar_tensor(usual_sizes.resolution, at::kLong));
  check_taken("context_length", at::scalar_tensor(usual_sizes.context, at::kLong));
  check_taken("vocab_size", at::scalar_tensor(usual_sizes.vocabulary, at::kLong));
  check_refused("input_resolution", at::scalar_tensor(224, at::kLong), "is 224, the tensors are of a model with 8");
  check_refused("context_length", at::scalar_tensor(77, at::kLong), "is 77");
  check_refused("vocab_size", at::zeros({2}, at::kLong), "belong to different models");
}
