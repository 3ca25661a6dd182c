// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/token_bank.hpp>

#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/prompts/context.hpp>

namespace mao {

MAO_INLINE TokenBank::TokenBank(std::string name, std::int64_t layers, std::int64_t count, std::int64_t width,
                                const Rng& rng)
    : tokens_{std::move(name), {}}, kept_(static_cast<std::size_t>(layers * count), true) {
  require<OptionError>(count > 0, tokens_.name, ": ", count, " tokens for each block; at least 1 is needed");
  tokens_.value = parameter(normal_tensor({layers, count, width}, 0.02, rng[tokens_.name]));
  removed_ = tokens_.value.detach().clone();
  saliency_ = at::zeros({layers, count});
}

MAO_INLINE BlockPrompts TokenBank::prompts(bool watch) const {
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

MAO_INLINE void TokenBank::remove(const std::vector<std::int64_t>& positions) {
  restore();
  removed_ = tokens_.value.detach().clone();
  for (const std::int64_t position : positions) {
    require<OptionError>(position >= 0 && position < std::ssize(kept_), tokens_.name, ": token ", position,
                         " is to be removed; there are ", kept_.size(), ", numbered from 0");
    kept_[static_cast<std::size_t>(position)] = false;
  }
}

MAO_INLINE void TokenBank::restore() const {
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

MAO_INLINE std::vector<std::int64_t> TokenBank::kept_in(std::int64_t layer) const {
  std::vector<std::int64_t> places;
  const std::int64_t count = tokens_.value.size(1);
  for (std::int64_t place = 0; place < count; ++place) {
    if (kept_[static_cast<std::size_t>(layer * count + place)]) places.push_back(place);
  }
  return places;
}

MAO_INLINE void TokenBank::append_to(TensorMap& buffers) const {
  std::vector<std::int64_t> mask(kept_.begin(), kept_.end());
  buffers[tokens_.name + ".mask"] = at::tensor(mask).view(saliency_.sizes());
  buffers[tokens_.name + ".saliency"] = saliency_.clone();
}

MAO_INLINE void TokenBank::set_buffers(const TensorMap& buffers) {
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

}  // namespace mao
