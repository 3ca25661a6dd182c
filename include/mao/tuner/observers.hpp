// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Observers of a training run: logs, validation that ends it, and a time limit.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/tuner/detail/gradients.hpp>
#include <mao/tuner/detail/observers.hpp>
#include <mao/tuner/detail/put_back.hpp>
#include <mao/tuner/detail/sampler_state.hpp>
#include <mao/tuner/predict.hpp>

namespace mao {

/// Prints one line per epoch, and one at the end.
class Progress {
 public:
  /// `out` must outlive the training.
  explicit Progress(std::ostream& out) : out_(out) {}

  void on_epoch(const EpochReport& report);
  void on_end(const FitResult& result);

 private:
  std::ostream& out_;
};

/// Writes one line of a CSV file per epoch: stage, epoch, loss, accuracy, learning rate, steps, skipped steps, seconds.
class CsvLog {
 public:
  /// Lines are appended to an existing file. **Throws** `FileError` if it cannot be written.
  explicit CsvLog(std::filesystem::path path);

  void on_epoch(const EpochReport& report);

 private:
  std::filesystem::path path_;
};

/// Records the length of the gradient before each update, before clipping.
class GradientNorm {
 public:
  void on_gradients(const ParameterList& parameters, const StepReport&) { norms_.push_back(gradient_norm(parameters)); }

  [[nodiscard]] const std::vector<double>& norms() const { return norms_; }

 private:
  std::vector<double> norms_;
};

/// Stops training after a time limit; the next `fit` continues.
class TimeLimit {
 public:
  using Clock = std::function<double()>;

  /// The time counts from the start of `fit`. `clock` returns seconds; by default, the machine's clock. **Throws**
  /// `OptionError` for a limit that is not above 0.
  explicit TimeLimit(double seconds, Clock clock = {});

  void on_start(const StartReport&) { start_ = clock_(); }
  [[nodiscard]] std::string should_stop() const;

 private:
  double seconds_;
  Clock clock_;
  double start_ = 0;
};

/// Settings of `EarlyStopping`.
struct EarlyStoppingOptions {
  int patience = 3;          ///< training is complete after this many epochs in a row without a better accuracy
  double at_least = 0;       ///< smallest improvement that counts, in percent points
  std::int64_t batch = 100;  ///< images per batch in validation
};

namespace detail {

/// **Throws** `OptionError` for settings out of range.
void check_early_stopping(const EarlyStoppingOptions& options);

}  // namespace detail

/// Validates after each epoch on held-out images. Training is complete when the accuracy no longer improves, and the
/// backbone gets the parameters of its best epoch.
///
/// A method that replaces its parameters at the end (PromptSRC) is also validated then, if training gets that far.
template <Backbone BackboneT>
class EarlyStopping {
 public:
  using Options = EarlyStoppingOptions;

  /// `backbone`: the one in training. Labels are positions in `classes`, which may differ from the classes of the
  /// training. Backbone and images must outlive the training. **Throws** `OptionError` for a setting out of range,
  /// `DataError` unless there is one label per image.
  EarlyStopping(BackboneT& backbone, ClassList classes, ImageSource& images, std::vector<std::int64_t> labels,
                Options options = {})
      : backbone_(backbone),
        classes_(std::move(classes)),
        images_(images),
        labels_(std::move(labels)),
        options_(options) {
    detail::check_early_stopping(options_);
    require<DataError>(images.size() == std::ssize(labels_) && !labels_.empty(), "EarlyStopping: ", labels_.size(),
                       " labels for ", images.size(), " images, expected one for each");
  }

  /// **Throws** `OptionError` if there are earlier epochs that this observer did not validate.
  void on_start(const StartReport& report) {
    require<OptionError>(report.epochs_done == std::ssize(accuracies_), "EarlyStopping: ", report.epochs_done,
                         " epochs are done, of which it has seen ", accuracies_.size(),
                         "; a training that is resumed in another process starts again, or does without it");
  }

  void on_epoch(const EpochReport&) {
    accuracies_.push_back(accuracy());
    if (best_ >= 0 && accuracies_.back() <= best_ + options_.at_least) return;
    keep(static_cast<int>(accuracies_.size()) - 1);
  }

  [[nodiscard]] std::string should_finish() const {
    const auto since = static_cast<int>(accuracies_.size()) - 1 - best_epoch_;
    if (accuracies_.empty() || since < options_.patience) return {};
    return text_of("no better accuracy on the validation images for ", since, " epochs");
  }

  void on_end(const FitResult& result) {
    if (result == FitResult::Stopped || best_ < 0) return;
    if constexpr (Finishes<BackboneT>) {
      if (result.why.starts_with("all ") && accuracy() > best_) return;
    }
    put_learned(backbone_, backbone_.parameters(), parameters_, buffers_, "EarlyStopping");
  }

  /// Accuracies in percent, after each epoch.
  [[nodiscard]] const std::vector<double>& accuracies() const { return accuracies_; }
  /// The best epoch, 0-based; -1 before the first one.
  [[nodiscard]] int best_epoch() const { return best_epoch_; }

 private:
  double accuracy() {
    const auto taken = winners(predict_logits(backbone_, classes_, images_, options_.batch));
    std::int64_t right = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) right += static_cast<std::int64_t>(taken[i] == labels_[i]);
    return 100.0 * static_cast<double>(right) / static_cast<double>(taken.size());
  }

  void keep(int epoch) {
    best_ = accuracies_.back();
    best_epoch_ = epoch;
    parameters_.clear();
    for (const Parameter& parameter : backbone_.parameters()) {
      parameters_[parameter.name] = parameter.value.detach().clone();
    }
    if constexpr (HasBuffers<BackboneT>) buffers_ = detail::copies_of(backbone_.buffers());
  }

  BackboneT& backbone_;
  ClassList classes_;
  ImageSource& images_;
  std::vector<std::int64_t> labels_;
  Options options_;
  std::vector<double> accuracies_;
  double best_ = -1;
  int best_epoch_ = -1;
  TensorMap parameters_, buffers_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/observers.ipp>
#endif
