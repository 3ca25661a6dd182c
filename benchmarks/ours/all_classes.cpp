// SPDX-License-Identifier: Apache-2.0
// Figures of one classifier over all classes: images x classes logits, half of the classes base.
#include <cstdint>
#include <vector>

#include <ATen/ops/tensor.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/random.hpp>
#include <mao/evaluation/all_classes.hpp>

#include "bench.hpp"

namespace bench {
namespace {

class AllClassesCase : public Case {
 public:
  explicit AllClassesCase(const Request& request) : logits_(request.images, request.classes) {
    mao::Rng rng(1);
    for (Eigen::Index image = 0; image < logits_.rows(); ++image) {
      labels_.push_back(image % request.classes);
      for (Eigen::Index c = 0; c < logits_.cols(); ++c) logits_(image, c) = static_cast<float>(rng.normal());
      logits_(image, labels_.back()) += 3;
    }
  }

  void run(int repeat) override {
    for (int i = 0; i < repeat; ++i) {
      found_ = mao::measure_all_classes(mao::best_of_halves(logits_, labels_, logits_.cols() / 2));
    }
  }

  /// Accuracy, harmonic mean, OpenworldAUC and AUSUC.
  [[nodiscard]] mao::TensorMap values() const override {
    const std::vector<double> figures{found_.accuracy, found_.h, found_.openworld_auc, found_.ausuc};
    return {{"features", at::tensor(figures).view({1, -1})}};
  }

 private:
  Eigen::MatrixXf logits_;
  std::vector<std::int64_t> labels_;
  mao::AllClassMetrics found_;
};

}  // namespace

CasePointer all_classes_case(Inputs&, const Request& request) { return std::make_unique<AllClassesCase>(request); }

}  // namespace bench
