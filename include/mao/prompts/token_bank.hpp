// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned tokens that every block of a tower attends to, of which the least important can be taken out.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/prompts/context.hpp>

namespace mao {

/// `count` tokens for each of `layers` blocks: extra keys and values (`BlockPrompt::attended`), never queries.
///
/// A token that was taken out is not passed on at all (a zero vector would still take its share of the attention), and
/// its row of the parameter stays as it was when it was taken out, whatever weight decay and momentum do to it:
/// `restore` puts it back. The saliency of a token is |<dL/dp, p>|, summed over the training passes since `forget`. It
/// is taken while gradients flow back, so every pass counts, with the value that the token had in it.
class TokenBank {
 public:
  TokenBank() = default;

  /// Normal (0, 0.02). The parameter [layers, count, width] is called `name`.
  TokenBank(std::string name, std::int64_t layers, std::int64_t count, std::int64_t width, const Rng& rng)
      : tokens_{std::move(name), {}}, kept_(static_cast<std::size_t>(layers * count), true) {
    require<OptionError>(count > 0, tokens_.name, ": ", count, " tokens for each block; at least 1 is needed");
    tokens_.value = parameter(normal_tensor({layers, count, width}, 0.02, rng[tokens_.name]));
    removed_ = tokens_.value.detach().clone();
    saliency_ = at::zeros({layers, count});
  }

  /// What the blocks attend to. `watch`: add to the saliency when a gradient comes back.
  [[nodiscard]] BlockPrompts prompts(bool watch) const {
    BlockPrompts prompts;
    for (std::int64_t layer = 0; layer < tokens_.value.size(0); ++layer) {
      const std::vector<std::int64_t> places = kept_in(layer);
      Tensor rows;
      if (!places.empty()) {
        rows = tokens_.value.select(0, layer).index_select(0, at::tensor(places).to(tokens_.value.device()));
      }
      if (rows.defined() && watch && at::GradMode::is_enabled()) {
        rows.register_hook([sum = saliency_.select(0, layer), index = at::tensor(places),
                            values = rows.detach()](const Tensor& gradient) {
          const at::NoGradGuard no_graph;
          Tensor total = sum;
          total.index_add_(0, index, (gradient * values).sum(-1).abs().cpu());
        });
      }
      prompts.push_back({.replacement = {}, .attended = rows});
    }
    return prompts;
  }

  /// Takes tokens out permanently. **Shape** positions: layer * count + place.
  void remove(const std::vector<std::int64_t>& positions) {
    restore();
    removed_ = tokens_.value.detach().clone();
    for (const std::int64_t position : positions) kept_[static_cast<std::size_t>(position)] = false;
  }

  /// Puts back what an optimizer has done to tokens that are out.
  void restore() const {
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (!kept_[i]) out.push_back(static_cast<std::int64_t>(i));
    }
    if (out.empty()) return;
    const at::NoGradGuard no_graph;
    const auto device = tokens_.value.device();
    const Tensor index = at::tensor(out).to(device), kept = removed_.to(device).view({-1, width()});
    tokens_.value.view({-1, width()}).index_copy_(0, index, kept.index_select(0, index));
  }

  /// Starts a new sum.
  void forget() { saliency_.zero_(); }

  /// Which tokens are in, by position, and how many.
  [[nodiscard]] const std::vector<bool>& kept() const { return kept_; }
  [[nodiscard]] std::int64_t total() const { return std::count(kept_.begin(), kept_.end(), true); }

  /// Places of the tokens of a block that are in.
  [[nodiscard]] std::vector<std::int64_t> kept_in(std::int64_t layer) const {
    std::vector<std::int64_t> places;
    const std::int64_t count = tokens_.value.size(1);
    for (std::int64_t place = 0; place < count; ++place) {
      if (kept_[static_cast<std::size_t>(layer * count + place)]) places.push_back(place);
    }
    return places;
  }

  [[nodiscard]] const Tensor& saliency() const { return saliency_; }  ///< [layers, count]
  [[nodiscard]] const Parameter& tokens() const { return tokens_; }
  [[nodiscard]] std::int64_t width() const { return tokens_.value.size(2); }

  /// `name.mask` (1: in) and `name.saliency`, [layers, count].
  void append_to(TensorMap& buffers) const {
    std::vector<std::int64_t> mask(kept_.begin(), kept_.end());
    buffers[tokens_.name + ".mask"] = at::tensor(mask).view(saliency_.sizes());
    buffers[tokens_.name + ".saliency"] = saliency_.clone();
  }

  /// Takes over saved masks and sums; the parameter holds its saved values already. **Throws** `ShapeError`.
  void set_buffers(const TensorMap& buffers) {
    const auto get = [&](const std::string& name) {
      const auto found = buffers.find(name);
      require<ShapeError>(found != buffers.end(), "the saved state has no ", name);
      expect_shape(found->second, saliency_.sizes(), "saved " + name);
      return found->second;
    };
    const Tensor mask = get(tokens_.name + ".mask").to(at::kLong).cpu().contiguous();
    const Tensor sums = get(tokens_.name + ".saliency");
    const auto* in = mask.const_data_ptr<std::int64_t>();
    for (std::size_t i = 0; i < kept_.size(); ++i) kept_[i] = in[i] != 0;
    saliency_.copy_(sums);
    removed_ = tokens_.value.detach().clone();
  }

 private:
  OwnParameter tokens_;     // [layers, count, W]
  std::vector<bool> kept_;  // [layers * count]
  Tensor removed_;          // as the tokens; rows that are out hold the values to keep
  OwnTensor saliency_;      // [layers, count], on the CPU
};

}  // namespace mao
