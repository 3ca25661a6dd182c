// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// SigLIP's loss (Zhai et al., arXiv 2303.15343): each pair of image and class is a yes-or-no question of its own.

#include <mao/core/batch.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/output.hpp>
#include <mao/regularizers/concepts.hpp>

namespace mao {

/// The sum of -log sigmoid(z * (logit + bias)) over the candidates, averaged over the images; z is 1 if the image shows
/// the class and -1 otherwise. An image may show several classes, or none that is a candidate.
///
/// A softmax does not see the bias, but this loss does: `bias` is the model's (`Siglip::logit_bias`). With a model that
/// has none, such as a CLIP, choose one near minus the mean logit of pairs that do not match.
///
/// A soft target t counts as t times the loss with z = 1, plus 1 - t times that with z = -1. Soft targets need every
/// class as a candidate (`Classes::All`); `Classes::Batch` uses only the labels.
class SigmoidLoss {
 public:
  enum class Classes {
    All,    ///< every class is judged
    Batch,  ///< only the classes of the batch, each once, as in reg-B
  };
  enum class Targets {
    Probabilities,  ///< a soft target is the probability that the image shows the class
    Marks,          ///< the image shows every class with a soft target above 0: labels of several classes, as
                    ///< distributions, which the tuner asks for
  };
  struct Options {
    double bias = -10;  ///< added to each logit; -10 is where SigLIP's training starts
    Classes classes = Classes::All;
    Targets targets = Targets::Probabilities;
    /// An image that is several times in a batch shows the classes of all its labels. Rows of weight 0 are left out.
    bool joins_labels = false;
    static constexpr const char* fields[] = {"bias", "classes", "targets", "joins_labels"};
  };

  SigmoidLoss() = default;
  /// **Throws** `OptionError` for a bias that is not finite.
  explicit SigmoidLoss(Options options);

  [[nodiscard]] Candidates candidates(const Batch& batch, const ClassList& classes) const;

  /// True if the labels of an image may be in several places of a batch.
  [[nodiscard]] bool needs_whole_batch() const { return options_.joins_labels; }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("SigmoidLoss", options_); }

  /// **Throws** `ShapeError` for logits of another shape than images and candidates, for a label that is not a
  /// candidate, and for soft targets without all classes as candidates.
  Tensor operator()(const Output& output, const Batch& batch) const;

 private:
  /// 1 for a class that an image shows, 0 for others, or in between. **Shape** [B, H].
  [[nodiscard]] Tensor shown(const Output& output, const Batch& batch) const;

  Options options_;
};

static_assert(Regularizer<SigmoidLoss>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/regularizers/impl/sigmoid_loss.ipp>
#endif
