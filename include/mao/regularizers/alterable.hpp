// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// MAO's alterable regularization (arXiv 2503.18160, section 3.3): the classes that the loss compares depend on the
/// stage.

#include <mao/core/batch.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/output.hpp>
#include <mao/regularizers/concepts.hpp>

namespace mao {

/// reg-B in the base stage, reg-N in the new stage.
///
/// reg-B: cross entropy over the classes present in the batch. The paper's candidate set has no repeats; the released
/// code has one column per image, so two images of a class compete with each other; `Columns::PerImage` reproduces
/// this. reg-N uses the soft targets of a batch; reg-B uses only the labels.
class AlterableRegularizer {
 public:
  enum class Task {
    Base,  ///< reg-B: the classes of the batch
    New,   ///< reg-N: all classes
  };
  enum class Columns {
    Distinct,  ///< one column per class (paper)
    PerImage,  ///< one column per image (released code)
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

  /// True if images are compared with other images of their batch.
  [[nodiscard]] bool needs_whole_batch() const {
    return options_.task == Task::Base && options_.columns == Columns::PerImage;
  }

  /// Name and settings; training resumes only if they are the same.
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
