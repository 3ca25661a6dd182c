// SPDX-License-Identifier: Apache-2.0
// The fused block is the block in formulas, in value and gradient, for both activations.
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/fused_block.hpp>

#include <mao/embedded/toy_model.hpp>
#include <mao/models/detail/dense_attention.hpp>
#include <mao/prompts/phrase.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#if MAO_HAS_AVX512_KERNELS

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("the fused block is the block in formulas, whole and read out", "[fused_block]") {
  if (instruction_set() == InstructionSet::Portable) return;
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 2);
  const std::int64_t images = 3, length = 7, width = sizes.vision_width;
  for (const auto& [activation, heads] : {std::pair{Activation::QuickGelu, 2}, {Activation::Gelu, 8}}) {
    for (const bool read_out : {false, true}) {
      const Block block =
          Block::from(weights, "visual.transformer.resblocks.", 1, {.heads = heads, .activation = activation});
      const mao::detail::FusedBlock fused(block, Precision::Fp32, read_out);
      const Tensor x = normal_tensor({images * length, width}, 1.0, Rng(3)).requires_grad_(true);
      const Tensor batch = x.view({images, length, width});
      const Tensor expected = read_out ? block.forward_first_token(batch) : block.forward(batch).flatten(0, 1);
      const Tensor gradient = normal_tensor(expected.sizes().vec(), 1.0, Rng(4));
      expected.backward(gradient);
      const at::NoGradGuard own;
      const mao::detail::DenseAttention attention{images, length, block.heads, 0, read_out};
      mao::detail::BlockRows rows{.live = images * length, .queries = {}};
      if (read_out) rows.queries = at::arange(images) * length;
      mao::detail::KeptBlock kept;
      CAPTURE(read_out, heads);
      CHECK(relative_difference(fused.forward({x.detach()}, {}, attention, rows, &kept).total(), expected.detach()) <
            5e-6);
      const auto back = fused.backward(kept, attention, rows, fused.down(gradient));
      CHECK(relative_difference(back.exact, x.grad()) < 5e-6);
    }
  }
}

#endif
