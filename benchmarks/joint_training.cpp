// SPDX-License-Identifier: Apache-2.0
// MAO's two stages with losses that compare the halves, and one classifier for all classes from each pair of stages.
//
//   mao-joint-training TASK SEED...         TASK: sketch, shifted or disjoint
//
// CoOp on the embedded model, 16 shots, settings of `mao tune --recipe all-classes`. Prints Markdown tables of gH
// (means over the seeds): a row for each loss of the base stage, a column for each loss of the new stage.
#include <array>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/evaluation/all_classes.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/tuner/fit_gate.hpp>
#include <mao/tuner/gates.hpp>
#include <mao/tuner/joined_classifier.hpp>
#include <mao/tuner/recipes.hpp>

namespace {

using mao::Candidates;
using mao::Clip;
using mao::Tensor;

/// How a stage compares its own half with the other one.
enum class Comparison {
  None,   ///< not at all: MAO
  Names,  ///< classes of the other half are additional candidates, with the prompts in training
  Fixed,  ///< fixed class vectors of the other half are additional candidates
  Gap     ///< the shares of the halves are distilled from the untuned model, with weight 1
};
constexpr std::array comparisons{Comparison::None, Comparison::Names, Comparison::Fixed, Comparison::Gap};
constexpr std::array in_base{"unchanged", "new names as additional candidates",
                             "the untuned class vectors of the new names as fixed candidates",
                             "gap to the new half distilled from the untuned model"};
constexpr std::array in_new{"unchanged", "base classes as candidates",
                            "base-stage prompts' class vectors as fixed candidates", "gap to the base half distilled"};

/// Log-shares of the halves. **Shapes** logits [B, C], whose first `base` columns are base classes; result [B, 2].
Tensor half_masses(const Tensor& logits, std::int64_t base) {
  const Tensor first = at::logsumexp(logits.narrow(1, 0, base), 1),
               second = at::logsumexp(logits.narrow(1, base, logits.size(1) - base), 1);
  return at::log_softmax(at::stack({first, second}, 1), 1);
}

/// reg-B or reg-N over a list of all classes, base classes first, with a comparison.
class ComparingRegularizer {
 public:
  /// `fixed` [F, D]: class vectors for `Fixed`; `untuned` [C, D]: those of the untuned model. Unit rows.
  ComparingRegularizer(Comparison comparison, bool in_base_stage, std::int64_t base, Tensor fixed, Tensor untuned)
      : comparison_(comparison),
        in_base_stage_(in_base_stage),
        base_(base),
        fixed_(std::move(fixed)),
        untuned_(std::move(untuned)) {}

  [[nodiscard]] Candidates candidates(const mao::Batch& batch, const mao::ClassList& classes) const {
    if (comparison_ == Comparison::Gap) return Candidates::all(classes.size());
    Candidates all = own(batch, classes.size());
    if (comparison_ != Comparison::Names) return all;
    const std::int64_t from = in_base_stage_ ? base_ : 0, to = in_base_stage_ ? classes.size() : base_;
    for (std::int64_t other = from; other < to; ++other) all.ids.push_back(other);
    return all;
  }

  Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    if (comparison_ != Comparison::Gap) {
      Tensor logits = output.logits;
      if (comparison_ == Comparison::Fixed) {
        logits = at::cat({logits, at::matmul(output.image, fixed_.t()) * output.scale}, 1);
      }
      return mao::weighted_cross_entropy(logits, mao::columns_of(batch.labels, output.candidates), batch.weights);
    }
    const Candidates mine = own(batch, output.logits.size(1));
    const Tensor logits = output.logits.index_select(1, at::tensor(mine.ids));
    const Tensor wanted = half_masses((at::matmul(output.image, untuned_.t()) * output.scale).detach(), base_);
    const Tensor gap = (at::exp(wanted) * (wanted - half_masses(output.logits, base_))).sum(1).mean();
    return mao::weighted_cross_entropy(logits, mao::columns_of(batch.labels, mine), batch.weights) + gap;
  }

 private:
  /// Base stage: the classes of the batch; new stage: all new classes.
  [[nodiscard]] Candidates own(const mao::Batch& batch, std::int64_t classes) const {
    if (in_base_stage_) return mao::AlterableRegularizer().candidates(batch, {});
    Candidates fresh;
    for (std::int64_t id = base_; id < classes; ++id) fresh.ids.push_back(id);
    return fresh;
  }

  Comparison comparison_;
  bool in_base_stage_;
  std::int64_t base_;
  Tensor fixed_, untuned_;
};

/// Batches of the base classes; their labels are the same positions in the list of all classes.
struct BaseBatches {
  mao::HardNegativeSampler<mao::TextTowerSimilarity<Clip>> of_base;
  std::vector<mao::Batch> epoch(mao::Rng& rng) const { return of_base.epoch(rng); }
};

/// The untuned model's labels as positions in the list of all classes.
struct LabelerBehindBase {
  mao::ZeroShotLabeler<Clip> of_new;
  std::int64_t base;

  mao::PseudoLabels label(const mao::ImageBatch& images) {
    mao::PseudoLabels found = of_new.label(images);
    for (std::int64_t& label : found.labels) label += base;
    return found;
  }
};

/// Unit features of the frozen tower. **Shape** [N, D].
Tensor unit_features(const Clip& clip, mao::ImageSource& images) {
  const at::NoGradGuard frozen;
  std::vector<Tensor> parts;
  for (const auto& views : mao::evaluation_views(images.size(), 100)) {
    parts.push_back(mao::frozen_image_features(clip, images.load(views)));
  }
  return at::cat(parts);
}

/// One task and seed: trains both stages with every comparison, and measures the joined classifiers.
class Experiment {
 public:
  Experiment(std::shared_ptr<const Clip> clip, const std::string& name, std::uint64_t seed)
      : clip_(std::move(clip)), images_(*clip_, name, seed), task_(images_.task_view()), seed_(seed) {
    base_ = task_.base.classes.size();
    all_ = mao::detail::joined_list({task_.base.classes, task_.fresh.classes});
    mao::ZeroShot untuned(clip_, all_);
    untuned_ = class_vectors(untuned, 0, all_.size());
    of_half_ = gate(untuned);
    labels_ = task_.base.test_labels;
    for (const std::int64_t label : task_.fresh.test_labels) labels_.push_back(label + base_);
  }

  /// Figures of every pair of comparisons, row by row.
  std::vector<mao::AllClassMetrics> run() {
    std::vector<mao::AllClassMetrics> found;
    for (const Comparison first : comparisons) {
      mao::Coop coop(clip_, all_);
      train_base(coop, first);
      const Tensor by_base = test_logits(coop, task_.base.classes), learned = context(coop).clone(),
                   base_vectors = class_vectors(coop, 0, base_);
      for (const Comparison second : comparisons) {
        context(coop).copy_(learned);
        train_new(coop, second, base_vectors);
        found.push_back(measured(by_base, test_logits(coop, task_.fresh.classes)));
        std::cerr << "seed " << seed_ << ", " << in_base.at(static_cast<std::size_t>(first)) << "; "
                  << in_new.at(static_cast<std::size_t>(second)) << ": gH " << found.back().h << "\n";
      }
    }
    return found;
  }

 private:
  using Tuned = mao::Coop<Clip>;

  static Tensor context(Tuned& coop) { return coop.parameters().front().value.detach(); }

  template <class BackboneT>
  static Tensor class_vectors(BackboneT& backbone, std::int64_t first, std::int64_t count) {
    const at::NoGradGuard frozen;
    Candidates some;
    for (std::int64_t id = first; id < first + count; ++id) some.ids.push_back(id);
    return backbone.encode_text(some).detach().clone();
  }

  void train_base(Tuned& coop, Comparison comparison) {
    const mao::BatchShape shape = mao::automatic_batch(base_);
    const mao::MaoBaseOptions usual;
    BaseBatches batches{{task_.base.train_labels,
                         task_.base.classes,
                         mao::TextTowerSimilarity(clip_),
                         {.batch = shape.batch, .k = shape.k}}};
    const ComparingRegularizer loss(comparison, true, base_, untuned_.narrow(0, base_, all_.size() - base_), untuned_);
    mao::PromptTuner(coop, std::move(batches), loss, mao::CosineSchedule(usual.schedule),
                     mao::TunerOptions{.seed = seed_, .name = "base stage"})
        .fit(*task_.base.train);
  }

  void train_new(Tuned& coop, Comparison comparison, const Tensor& base_vectors) {
    const mao::MaoNewOptions usual;
    LabelerBehindBase labeler{mao::ZeroShotLabeler(clip_, task_.fresh.classes), base_};
    const ComparingRegularizer loss(comparison, false, base_, base_vectors, untuned_);
    mao::PseudoLabelSampler<LabelerBehindBase> batches(task_.fresh.train->size(), all_, std::move(labeler),
                                                       usual.sampler);
    mao::PromptTuner(coop, std::move(batches), loss, mao::CosineSchedule(usual.schedule),
                     mao::TunerOptions{.seed = seed_, .name = "new stage"})
        .fit(*task_.fresh.train);
  }

  template <class BackboneT>
  Tensor test_logits(BackboneT& backbone, const mao::ClassList& classes) {
    return at::cat({mao::predict_logits(backbone, classes, *task_.base.test),
                    mao::predict_logits(backbone, classes, *task_.fresh.test)});
  }

  /// Log-probability of each half for the test images, from the gate of the recipe. **Shape** [N, 2].
  template <class BackboneT>
  Tensor gate(BackboneT& untuned) {
    const auto masses = [&](mao::ImageSource& images) {
      return half_masses(mao::predict_logits(untuned, all_, images), base_);
    };
    mao::ImageSource &base = *task_.base.train, &fresh = *task_.fresh.train;
    mao::GateImages taught{
        .features = mao::as_matrix(at::cat({unit_features(*clip_, base), unit_features(*clip_, fresh)})),
        .groups = std::vector<std::int64_t>(static_cast<std::size_t>(base.size()), 0)};
    taught.groups.insert(taught.groups.end(), static_cast<std::size_t>(fresh.size()), 1);
    taught.masses.push_back(mao::as_matrix(at::cat({masses(base), masses(fresh)})));
    const mao::GateFit fit = mao::fit_gate(taught);
    const mao::LinearGateTensors linear(fit);
    const Tensor features =
        at::cat({unit_features(*clip_, *task_.base.test), unit_features(*clip_, *task_.fresh.test)});
    return at::log_softmax(at::matmul(features, linear.weight.t()) + linear.bias +
                               half_masses(test_logits(untuned, all_), base_) * fit.shares.front(),
                           1);
  }

  mao::AllClassMetrics measured(const Tensor& by_base, const Tensor& by_new) const {
    const Tensor joined = at::cat(
        {at::log_softmax(by_base, 1) + of_half_.narrow(1, 0, 1), at::log_softmax(by_new, 1) + of_half_.narrow(1, 1, 1)},
        1);
    return mao::measure_all_classes(mao::best_of_halves(mao::as_matrix(joined), labels_, base_));
  }

  std::shared_ptr<const Clip> clip_;
  mao::embedded::FewShotTask images_;
  mao::BaseToNewTask task_;
  std::uint64_t seed_;
  std::int64_t base_ = 0;
  mao::ClassList all_;
  Tensor untuned_, of_half_;
  std::vector<std::int64_t> labels_;
};

using Figure = double mao::AllClassMetrics::*;

void print_table(const std::string& title, const std::vector<std::vector<mao::AllClassMetrics>>& seeds, Figure figure) {
  std::cout << "| " << title;
  for (const char* name : in_new) std::cout << " | " << name;
  std::cout << " |\n|---|---|---|---|---|\n" << std::fixed << std::setprecision(1);
  for (std::size_t row = 0; row < comparisons.size(); ++row) {
    std::cout << "| " << in_base.at(row);
    for (std::size_t column = 0; column < comparisons.size(); ++column) {
      double sum = 0;
      for (const auto& seed : seeds) sum += seed.at(row * comparisons.size() + column).*figure;
      std::cout << " | " << sum / static_cast<double>(seeds.size());
    }
    std::cout << " |\n";
  }
  std::cout << "\n";
}

}  // namespace

int main(int argc, char** argv) try {
  mao::require<mao::OptionError>(argc > 2, "usage: ", argv[0], " TASK SEED...");
  const std::string task = argv[1];
  std::vector<std::vector<mao::AllClassMetrics>> seeds;
  for (int i = 2; i < argc; ++i) {
    seeds.push_back(Experiment(mao::embedded::clip(), task, std::stoull(argv[i])).run());
  }
  print_table(task + ": gH, base stage", seeds, &mao::AllClassMetrics::h);
  print_table(task + ": Base among its own, base stage", seeds, &mao::AllClassMetrics::own_base);
  print_table(task + ": New among its own, base stage", seeds, &mao::AllClassMetrics::own_fresh);
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
