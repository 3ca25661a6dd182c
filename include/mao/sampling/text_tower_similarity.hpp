// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Similarities of class names from the tuned model's text tower, for machines without a sentence encoder.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <mao/prompts/templates.hpp>
#include <mao/sampling/concepts.hpp>

namespace mao {

/// A `TextSimilarity` from the model's own text tower: cosines of the features of a sentence about each name.
///
/// **Differs** from the paper, which ranks by MiniLM.
template <VisionLanguageModel ModelT>
class TextTowerSimilarity {
 public:
  explicit TextTowerSimilarity(std::shared_ptr<const ModelT> model, std::string pattern = "a photo of a {}.")
      : model_(not_null(std::move(model), "TextTowerSimilarity: the model")), pattern_(std::move(pattern)) {}

  /// **Shape** [Q, C]
  Eigen::MatrixXf operator()(const std::vector<std::string>& queries,
                             const std::vector<std::string>& candidates) const {
    const Tensor cosines = features(candidates).matmul(features(queries).t()).cpu().to(at::kFloat).contiguous();
    const auto rows = static_cast<Eigen::Index>(queries.size()), columns = static_cast<Eigen::Index>(candidates.size());
    return Eigen::Map<const Eigen::MatrixXf>(cosines.const_data_ptr<float>(), rows,
                                             columns);  // column-major: transposed
  }

 private:
  [[nodiscard]] Tensor features(const std::vector<std::string>& names) const {
    std::vector<std::string> sentences;
    for (const std::string& name : names) sentences.push_back(fill_template(pattern_, name));
    const Tensor rows = sentence_features(*model_, sentences);
    return rows.div(rows.norm(2, -1, true));
  }

  std::shared_ptr<const ModelT> model_;
  std::string pattern_;
};

template <class ModelT>
TextTowerSimilarity(std::shared_ptr<ModelT>) -> TextTowerSimilarity<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class TextTowerSimilarity<explain::NoModel> {
 public:
  template <class... Args>
  explicit TextTowerSimilarity(Args&&...) {}
  Eigen::MatrixXf operator()(const std::vector<std::string>&, const std::vector<std::string>&) const;
};
template <explain::NoTextModel P, class... Rest>
TextTowerSimilarity(P, Rest...) -> TextTowerSimilarity<explain::RefusedModel<P>>;

}  // namespace mao
