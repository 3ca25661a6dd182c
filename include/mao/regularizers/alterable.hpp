// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// MAO's alterable regularization (arXiv 2503.18160, section 3.3): the classes that a batch is judged against depend on
/// the step.

#include <mao/core/batch.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/output.hpp>
#include <mao/regularizers/concepts.hpp>

namespace mao {

/// reg-B in the base stage, reg-N in the new stage.
///
/// reg-B: cross entropy over the classes present in the batch. The paper's candidate set has no repeats; the released
/// code keeps one column an image, so that two images of a class compete with each other, which `Columns::PerImage`
/// reproduces. Soft targets of a batch are for reg-N; reg-B goes by the labels.
class AlterableRegularizer {
 public:
  enum class Task {
    Base,  ///< reg-B: the classes of the batch
    New,   ///< reg-N: all classes
  };
  enum class Columns {
    Distinct,  ///< one column a class (paper)
    PerImage,  ///< one column an image (released code)
  };
  struct Options {
    Task task = Task::Base;
    Columns columns = Columns::Distinct;
    static constexpr const char* fields[] = {"task", "columns"};
  };

  AlterableRegularizer() = default;
  explicit AlterableRegularizer(Options options) : options_(options) {}

  /// The distinct labels in order of first appearance (reg-B), or all classes (reg-N).
  [[nodiscard]] Candidates candidates(const Batch& batch, const ClassList& classes) const;

  /// Whether images are judged against other images of their batch.
  [[nodiscard]] bool needs_whole_batch() const {
    return options_.task == Task::Base && options_.columns == Columns::PerImage;
  }

  /// Name and settings, to be compared with those of a saved training.
  [[nodiscard]] Description describe() const { return described("AlterableRegularizer", options_); }

  Tensor operator()(const Output& output, const Batch& batch) const;

 private:
  Options options_;
};

static_assert(Regularizer<AlterableRegularizer>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/regularizers/impl/alterable.ipp>
#endif
