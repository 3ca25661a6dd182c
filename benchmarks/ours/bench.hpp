// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the benchmark's cases share: a request, the inputs that benchmarks/inputs.py made, and how a case looks.

#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <mao/core/class_list.hpp>
#include <mao/core/precision.hpp>
#include <mao/models/clip_model.hpp>

namespace bench {

/// One line of benchmarks/ratios.py.
struct Request {
  std::string name = "text";    ///< of the case
  std::int64_t classes = 51;    ///< C
  std::int64_t candidates = 0;  ///< H of reg-B; 0: all classes
  std::int64_t images = 32;
  std::int64_t depth = 9;      ///< of deep prompts
  std::int64_t limit_mib = 0;  ///< of what a pass of text rows keeps; 0: none
  int repeat = 1;              ///< steps in a row
  mao::Precision precision = mao::Precision::Fp32;

  /// What a case is prepared for.
  [[nodiscard]] auto key() const { return std::tuple(name, classes, candidates, images, depth, limit_mib, precision); }
};

/// Something that is timed.
class Case {
 public:
  virtual ~Case() = default;
  /// `repeat` times the same work.
  virtual void run(int repeat) = 0;
  /// What the other side must have found too: `loss`, `grad.NAME`, `features`; after a run.
  [[nodiscard]] virtual mao::TensorMap values() const = 0;
  /// Learned tensors as they are now, for the other side to start from.
  [[nodiscard]] virtual mao::ParameterList parameters() { return {}; }
  /// Bytes that a forward pass leaves for its backward pass; 0 where that is not measured.
  [[nodiscard]] virtual std::int64_t saved_bytes() { return 0; }
};

using CasePointer = std::unique_ptr<Case>;

/// The files of benchmarks/inputs.py.
class Inputs {
 public:
  explicit Inputs(std::filesystem::path folder);

  /// The model in that precision, prepared once.
  [[nodiscard]] std::shared_ptr<const mao::Clip> clip(mao::Precision precision);
  /// The first `count` class names of a set of that size.
  [[nodiscard]] mao::ClassList classes(std::int64_t count) const;
  /// [count, 3, 224, 224], repeated where more are asked for than there are.
  [[nodiscard]] mao::Tensor pixels(std::int64_t count) const;
  /// [32, D], random.
  [[nodiscard]] const mao::Tensor& features() const { return features_; }
  [[nodiscard]] std::vector<std::filesystem::path> photographs() const;

 private:
  std::filesystem::path folder_;
  mao::ClipWeights weights_;
  mao::Tensor pixels_, features_;
  std::shared_ptr<const mao::Clip> clips_[2];
};

/// Labels of `count` images; different ones while there are enough classes. Both sides have this rule.
inline std::vector<std::int64_t> labels(std::int64_t count, std::int64_t classes) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < count; ++i) result.push_back(i * 7 % classes);
  return result;
}

/// `loss` and `grad.NAME` of a step.
mao::TensorMap step_values(const mao::ParameterList& parameters, double loss);

CasePointer text_case(Inputs& inputs, const Request& request);
CasePointer image_case(Inputs& inputs, const Request& request);
CasePointer class_texts_case(Inputs& inputs, const Request& request);
CasePointer zero_shot_case(Inputs& inputs, const Request& request);
CasePointer coop_case(Inputs& inputs, const Request& request);      ///< coop, mao and mao_new; cached and online
CasePointer prompted_case(Inputs& inputs, const Request& request);  ///< maple and promptsrc
CasePointer decode_case(Inputs& inputs, const Request& request);
CasePointer gemm_case(Inputs& inputs, const Request& request);
CasePointer all_classes_case(Inputs& inputs, const Request& request);

}  // namespace bench
