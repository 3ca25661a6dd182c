// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/scorer.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/detail/finite.hpp>
#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/detail/policy_call.hpp>
#include <mao/data/class_key.hpp>

namespace mao::detail {

inline constexpr StepPlace here_evaluated{.name = "evaluation"};

MAO_INLINE std::vector<std::int64_t> looked_at_twice(std::int64_t count, std::int64_t first, std::int64_t others) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < std::min(count, first); ++i) rows.push_back(i);
  const std::int64_t left = count - first;
  for (std::int64_t i = 1; left > 0 && i <= std::min(left, others); ++i) {
    rows.push_back(first - 1 + left * i / std::min(left, others));
  }
  return rows;
}

MAO_INLINE ImageBatch images_at(const ImageBatch& images, const std::vector<std::int64_t>& rows) {
  const Tensor index = at::tensor(rows);
  const auto some = [&](const Tensor& all) {
    return all.defined() ? all.index_select(0, index.to(all.device())) : all;
  };
  ImageBatch result{.pixels = some(images.pixels), .features = some(images.features)};
  result.features_of = images.features_of;
  if (images.frozen != nullptr && images.frozen->rows.defined()) {
    result.frozen = std::make_shared<FrozenFeatures>(FrozenFeatures{images.frozen->model, some(images.frozen->rows)});
  }
  return result;
}

MAO_INLINE CallsScorer::CallsScorer(std::shared_ptr<BackboneCalls> backbone)
    : backbone_(std::move(backbone)), classes_(backbone_->classes()) {
  require<OptionError>(classes_.size() > 0, "evaluation: the backbone is bound to no class; bind it to those that ",
                       "the images are to be told apart by");
  check_class_names(classes_, "evaluation: the backbone's classes");
  all_ = Candidates::all(classes_.size());
  const at::NoGradGuard frozen;
  if (backbone_->traits().class_features && backbone_->traits().scores_itself) text_ = encoded(all_);
}

MAO_INLINE Tensor CallsScorer::operator()(const ImageBatch& images) const {
  const at::NoGradGuard frozen;
  expect_same_classes(backbone_->classes(), classes_, "evaluation: the backbone is bound to",
                      "it was bound again while it was evaluated; make another Scorer");
  const bool compares = !compared_ && fast();
  const auto rows = looked_at_twice(images.size(), 16, compares ? 16 : 0);
  const Tensor image = compares ? encoded_images(images) : Tensor{};  // first: `forward` may share frozen features
  const Output seen = compares ? seen_by_forward(images_at(images, rows)) : Output{};
  if (compares) text_ = usable(seen.text) ? seen.text.detach().clone() : encoded(all_);
  Tensor logits = scores(images, image);
  if (!all_finite(logits)) refuse(images, logits);
  if (compares) compare_with_forward(images, image, rows, seen, logits);
  compared_ = true;
  return logits;
}

MAO_INLINE bool CallsScorer::fast() const {
  return backbone_->traits().class_features && !backbone_->traits().scores_itself;
}

MAO_INLINE bool CallsScorer::usable(const Tensor& text) const {
  return text.defined() && text.dim() == 2 && text.size(0) == all_.size() && all_finite(text);
}

MAO_INLINE Tensor CallsScorer::encoded(const Candidates& candidates) const {
  if (!backbone_->offers.class_features) return {};
  const Tensor text = policy_call(
      here_evaluated, "the backbone's `encode_text`",
      [&] { return text_of("class features [", candidates.size(), ", D]"); },
      [&] { return backbone_->encode_text(candidates); });
  expect_shape(text, {candidates.size(), -1}, "evaluation: the class features of `encode_text`");
  return text.detach().clone();
}

MAO_INLINE Tensor CallsScorer::encoded_images(const ImageBatch& images) const {
  if (!backbone_->offers.class_features) return {};
  const auto expected = [&] { return text_of("image features [", images.size(), ", D]"); };
  return policy_call(here_evaluated, "the backbone's `encode_image`", expected,
                     [&] { return backbone_->encode_image(images); });
}

MAO_INLINE Tensor CallsScorer::scores(const ImageBatch& images, const Tensor& image) const {
  const std::int64_t count = images.size();
  const auto expected = [&] { return text_of("logits [", count, ", ", all_.size(), "]"); };
  const char* who = text_.defined() ? "the backbone's `encode_image` or `score`" : "the backbone's `forward`";
  const Tensor logits = policy_call(here_evaluated, who, expected, [&]() -> Tensor {
    return text_.defined() ? backbone_->score(images, image, text_) : backbone_->forward(images, all_).logits;
  });
  expect_shape(logits, {count, all_.size()}, "evaluation: the backbone's logits");
  return logits;
}

MAO_INLINE Output CallsScorer::seen_by_forward(const ImageBatch& images) const {
  Output seen = policy_call(
      here_evaluated, "the backbone's `forward`",
      [&] {
        return text_of("logits ", shape_text({images.size(), all_.size()}));
      },
      [&] { return backbone_->forward(images, all_); });
  const Tensor& logits = seen.logits;
  require<PolicyError>(
      logits.defined() && logits.dim() == 2 && logits.size(0) == images.size() && logits.size(1) == all_.size(),
      here_evaluated, ": the backbone's `forward` gave ",
      logits.defined() ? "logits of shape " + shape_text(logits.sizes()) : "no logits", " for ", images.size(),
      " images and ", all_.size(), " candidates, expected ", shape_text({images.size(), all_.size()}),
      ", one row per image and one column per candidate");
  return seen;
}

MAO_INLINE void CallsScorer::compare_with_forward(const ImageBatch& images, const Tensor& image,
                                                  const std::vector<std::int64_t>& rows, const Output& seen,
                                                  Tensor& logits) const {
  const Tensor index = at::tensor(rows).to(logits.device());
  const auto largest = seen.logits.abs().amax().item<double>(), most = 0.02 * largest + 1e-3;
  const auto apart = [&] { return (seen.logits - logits.index_select(0, index)).abs(); };
  if (usable(seen.text)) {
    if (apart().amax().item<double>() <= most) return compare_text();
    text_ = encoded(all_);
    logits = scores(images, image);
  }
  const Tensor differences = apart();
  const auto found = differences.amax().item<double>();
  if (found <= most) return;
  const auto worst = differences.argmax().item<std::int64_t>();
  refuse_other(worst % all_.size(), text_of("logits that are up to ", found, " apart (of ", largest, "; image ",
                                            rows[static_cast<std::size_t>(worst / all_.size())], " of the batch, "));
}

MAO_INLINE void CallsScorer::compare_text() const {
  const auto rows = looked_at_twice(all_.size(), all_.size() <= 16 ? 16 : 2, 2);
  const Tensor difference = (text_.index_select(0, at::tensor(rows).to(text_.device())) - encoded({rows})).norm(2, 1);
  const auto found = difference.max().item<double>();
  if (found <= 0.05) return;
  const auto worst = static_cast<std::size_t>(difference.argmax().item<std::int64_t>());
  refuse_other(rows[worst], text_of("class features that are up to ", found, " apart ("));
}

MAO_INLINE void CallsScorer::refuse_other(std::int64_t id, const std::string& what) const {
  throw PolicyError(
      text_of(here_evaluated,
              ": the backbone's `forward`, which is trained, and `encode_image`, `encode_text`, `logit_scale`, which "
              "are evaluated, give ",
              what, "class ", id, " '", classes_.names[static_cast<std::size_t>(id)],
              "'); let both normalise and scale alike, or leave out the `encode_` functions"));
}

MAO_INLINE void CallsScorer::refuse(const ImageBatch& images, const Tensor& logits) const {
  const std::string learned = first_bad_parameter(backbone_->parameters());
  std::string first = learned.empty() ? std::string() : "what was learned (" + learned + ")";
  if (first.empty()) first = bad_input(images);
  if (first.empty() && text_.defined() && !all_finite(text_)) {
    first = bad_output({.logits = {}, .image = {}, .text = text_, .scale = {}, .candidates = all_}, classes_);
  }
  if (first.empty()) first = bad_output(backbone_->forward(images, all_), classes_);
  throw NumericError(
      text_of(here_evaluated, ": the logits of image ", first_bad_row(logits),
              " of the batch are not finite; the first that is not: ", first.empty() ? "the logits" : first));
}

}  // namespace mao::detail
