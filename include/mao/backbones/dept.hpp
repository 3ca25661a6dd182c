// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// DePT: decoupled prompt tuning, a second head for the base classes on top of any host (Zhang et al., arXiv
/// 2309.07439).

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/dept_head.hpp>
#include <mao/core/describe.hpp>

namespace mao {

/// Settings of `Dept`.
struct DeptOptions {
  double weight = 0.7;     ///< lambda, of the second head in the loss and in the base classes' logits
  double rate = 6.5;       ///< factor of the host's learning rate for transform and head
  bool subsets = false;    ///< subsets of the base classes also use the head (ImageNet-A, -R), see `bind`
  std::uint64_t seed = 1;  ///< of the head's random start
  static constexpr const char* fields[] = {"weight", "rate", "subsets", "seed"};
};

/// The host's prompts serve base and new classes (ITM: image-text matching). Knowledge about the base classes goes into
/// separate channels and a linear head (CAT) on the host's features before normalisation: f of an image, t of its
/// label.
///
///     z_CAT = head(film_image(f))
///     loss  = (1 - lambda) task(z_ITM) + lambda CE(z_CAT, head(film_text(t))) + the host's terms
///
///     logits of base classes:  (1 - lambda) z_ITM + lambda z_CAT
///     logits of other classes: z_ITM
///
/// CE is the mean over 2 B rows; the head's columns are the candidates of the task loss, so MAO's reg-B applies to
/// both. If it is bound to other classes than it was made for, transform and head are not used, and the loss is the
/// host's (lambda = 0), because the rows of the head belong to the base classes.
///
/// Trains the host's tensors, `film_lp_img.{scale,bias}` and `film_lp_text.{scale,bias}` [D] and
/// `linear_probe_proj.{weight,bias}` [C, D]: 4 D + (D + 1) C numbers more than the host, 27,698 for ViT-B/16 and 50
/// classes. **Differs** from the release: the class list decides which of the two logits apply, not the data set's
/// name.
template <RawFeatures HostT>
class Dept {
 public:
  using Options = DeptOptions;
  static constexpr bool frozen_image_tower = FrozenImageTower<HostT>;
  static constexpr bool needs_all_classes = NeedsAllClasses<HostT>;
  static constexpr bool two_views = NeedsTwoViews<HostT>;
  static constexpr bool needs_whole_batch = NeedsWholeBatch<HostT>;
  static_assert(
      !WeighsLosses<HostT> && !CombinesLosses<HostT>,
      "mao: DePT weighs the host's loss itself, so the host cannot (DePT, DPC, PromptKD, ProGrad): use one whose "
      "losses are summed");

  /// The host is bound to the base classes and continues training here. **Throws** `OptionError` for a setting out of
  /// range.
  explicit Dept(HostT host, Options options = {})
      : host_(std::move(host)),
        options_(options),
        base_(host_.classes()),
        head_(width_of(host_), base_.size(), Rng(options.seed)),
        rows_(rows_of(base_)) {
    require<OptionError>(options.weight >= 0 && options.weight <= 1, "Dept: weight = ", options.weight,
                         ", expected 0 to 1 (the paper uses 0.7)");
    require<OptionError>(options.rate > 0, "Dept: rate = ", options.rate, ", expected above 0 (the paper uses 6.5)");
  }

  /// The second head is used for the list that it was made for and, with `subsets`, for any list of these classes (rows
  /// are found by name); all other classes are new classes.
  void bind(const ClassList& classes) {
    host_.bind(classes);
    rows_ = rows_of(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return host_.classes(); }
  /// Whether the bound classes have a second head.
  [[nodiscard]] bool base_mode() const { return !rows_.empty(); }

  /// The host's output, for the task loss; the second head is used only in `score`.
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    raw_image_ = host_.raw_image(images);
    raw_text_ = host_.raw_text(candidates);
    Output output = compare(unit_rows(raw_image_), unit_rows(raw_text_), host_.logit_scale(), candidates);
    compared_ = output.image;
    return output;
  }

  Tensor encode_text(const Candidates& candidates) { return host_.encode_text(candidates); }
  Tensor encode_image(const ImageBatch& images) { return host_.encode_image(images); }
  /// Logits of both heads for base classes, of the first for others. **Shapes** text [C, D] unit rows -> [B, C].
  Tensor score(const ImageBatch& images, const Tensor& text) {
    const Tensor raw = host_.raw_image(images);
    const Tensor matching = at::matmul(unit_rows(raw), text.t()) * host_.logit_scale();
    if (!base_mode()) return matching;
    const Tensor second = head_.image_logits(raw, rows_);
    return matching * (1 - options_.weight) + second * options_.weight;
  }

  /// lambda CE of the second head, and the host's terms, for the last output of `forward`.
  Tensor auxiliary_loss(const Output& output, const Batch& batch) {
    const Tensor of_host = host_.auxiliary_loss(output, batch);
    if (!base_mode()) return of_host;
    const Tensor second = head_loss(output, batch) * options_.weight;
    return of_host.defined() ? of_host + second : second;
  }

  /// The task loss has weight 1 - lambda for base classes.
  Tensor total_loss(const Tensor& task, const Tensor& auxiliary) const {
    const Tensor matching = base_mode() ? task * (1 - options_.weight) : task;
    return auxiliary.defined() ? matching + auxiliary : matching;
  }

  /// The host's, then transform and head.
  ParameterList parameters() {
    ParameterList all = host_.parameters();
    for (Parameter& parameter : head_.parameters(options_.rate)) all.push_back(std::move(parameter));
    return all;
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const {
    return described("Dept", options_).with("host", description_of(host_, true));
  }
  [[nodiscard]] ClassList learned_for() const { return base_; }
  [[nodiscard]] double logit_scale() const { return host_.logit_scale(); }
  [[nodiscard]] const HostT& host() const { return host_; }

  // Optional members of the host are passed on.
  [[nodiscard]] decltype(auto) model() const requires requires(const HostT& host) { host.model(); }
  { return host_.model(); }
  Tensor task_logits(const Output& output, const Batch& batch) requires LabelledLogits<HostT> {
    return host_.task_logits(output, batch);
  }
  [[nodiscard]] TensorMap buffers() const requires HasBuffers<HostT> { return host_.buffers(); }
  void set_buffers(const TensorMap& buffers) requires HasBuffers<HostT> { host_.set_buffers(buffers); }
  void end_epoch(const EpochInfo& info) requires EpochAware<HostT> {
    if constexpr (averaged) return host_.aggregation().add(parameters(), info);
    host_.end_epoch(info);
  }
  void finish() requires Finishes<HostT> {
    if constexpr (averaged) return host_.aggregation().finish(parameters());
    host_.finish();
  }

 private:
  /// A host that averages over epochs (PromptSRC) averages the second head as well.
  static constexpr bool averaged = requires(HostT & host, const ParameterList& all, const EpochInfo& info) {
    host.aggregation().add(all, info);
  };

  static std::int64_t width_of(HostT& host) {
    const at::NoGradGuard frozen;
    require<OptionError>(host.classes().size() > 0, "Dept: the host is bound to no class; bind it to the base classes");
    return host.raw_text(Candidates{{0}}).size(1);
  }

  /// The head's row of each class; empty for new classes.
  [[nodiscard]] std::vector<std::int64_t> rows_of(const ClassList& classes) const {
    if (!options_.subsets && !(classes == base_)) return {};
    std::vector<std::int64_t> rows;
    for (const std::string& name : classes.names) {
      const auto found = std::find(base_.names.begin(), base_.names.end(), name);
      if (found == base_.names.end()) return {};
      rows.push_back(found - base_.names.begin());
    }
    return rows;
  }

  /// The head's loss over the features of the last forward pass.
  [[nodiscard]] Tensor head_loss(const Output& output, const Batch& batch) const {
    require<OptionError>(compared_.defined() && compared_.is_same(output.image),
                         "Dept: auxiliary_loss is asked for another output than the last one of `forward`, whose "
                         "features are kept; ask for it right after the forward pass");
    const Candidates& judged = output.judged.ids.empty() ? output.candidates : output.judged;
    std::vector<std::int64_t> rows;
    for (const std::int64_t id : judged.ids) rows.push_back(rows_.at(static_cast<std::size_t>(id)));
    const Tensor labels = at::tensor(positions(batch.labels, output.candidates)).to(raw_text_.device());
    return head_.loss(raw_text_.index_select(0, labels), raw_image_, rows, positions(batch.labels, judged),
                      batch.weights);
  }

  /// The position of each label among the candidates. **Throws** `ShapeError` for a label that is not a candidate.
  static std::vector<std::int64_t> positions(const std::vector<std::int64_t>& labels, const Candidates& candidates) {
    std::vector<std::int64_t> result;
    for (const std::int64_t label : labels) {
      const auto found = std::find(candidates.ids.begin(), candidates.ids.end(), label);
      require<ShapeError>(found != candidates.ids.end(), "Dept: label ", label, " is not among the ", candidates.size(),
                          " candidates");
      result.push_back(found - candidates.ids.begin());
    }
    return result;
  }

  HostT host_;
  Options options_;
  ClassList base_;  // what the head's rows mean
  DeptHead head_;
  std::vector<std::int64_t> rows_;          // of the bound classes; empty: new classes
  Tensor raw_image_, raw_text_, compared_;  // of the last forward pass
};

}  // namespace mao
