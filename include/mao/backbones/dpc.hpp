// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// DPC: dual-prompt collaboration, a second prompt for the base classes beside a tuned one (Li et al., arXiv
/// 2503.13443).

#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/backbones/concepts.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/error.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/own_tensor.hpp>

namespace mao {

/// The prompt for scoring base classes.
enum class DpcInference {
  PaperMixture,          ///< the mixture of both prompts
  ReleasedPureParallel,  ///< only the parallel prompt, as in effect in the released code
};

/// The tensor that the optimiser updates, and its gradient.
enum class DpcParametrisation {
  Parallel,  ///< the parallel prompt P', by its own gradient
  Mixture,   ///< M = w P' + (1 - w) P, from which every forward pass computes P': what the released code says
  Released,  ///< P' by 1 / w of its gradient: what the released code does, see `Dpc`
};

/// Settings of `Dpc`; w is `base_weight`.
struct DpcOptions {
  double base_weight = 0.2;  ///< share of the parallel prompt in the base classes' prompt
  double new_weight = 0;     ///< the same for all other classes; 0: the host
  DpcInference inference = DpcInference::PaperMixture;
  DpcParametrisation trained = DpcParametrisation::Parallel;
  double rate = 1;         ///< factor of the schedule's learning rate
  bool host_terms = true;  ///< keep the host's own loss terms (paper); the released variants drop them

  /// As the released code trains and scores.
  static DpcOptions released(double base_weight = 0.2);
  static constexpr const char* fields[] = {"base_weight", "new_weight", "inference", "trained", "rate", "host_terms"};
};

/// The host's parameters stay unchanged as P. A parallel copy P' starts from them and is trained on the base classes
/// with hard negatives from P's predictions (`PredictionNegatives`, `SymmetricContrast`). Evaluation uses
///
///     w_b P' + (1 - w_b) P for base classes (those the host came with), w_n P' + (1 - w_n) P for others.
///
/// Training uses P'. It trains one tensor for each of the host's, with the same name; P is in `buffers()` as
/// `frozen.NAME`. It needs one forward pass and twice the storage for prompts. The host's epoch hooks are not called.
///
/// **Differs**: the release scores base classes only by P' (`ReleasedPureParallel`), and its w acts as a learning rate.
/// Its code says that it trains M, which moves P' by rate / w^2 times its gradient (`Mixture`; the same as `rate` =
/// 1 / w^2 except for weight decay and warm-up). But its P shares memory with M, so M is P' itself, moved by rate / w
/// times the gradient (`Released`; 5 times at w = 0.2). To score new classes, it reads P from its file again.
template <Backbone HostT>
class Dpc {
 public:
  using Options = DpcOptions;
  static constexpr bool frozen_image_tower = FrozenImageTower<HostT>;
  static constexpr bool needs_all_classes = NeedsAllClasses<HostT>;
  static constexpr bool two_views = NeedsTwoViews<HostT>;
  static constexpr bool brings_negatives = true;
  static constexpr bool needs_whole_batch = true;  // gradients are the host's before they are those of what trains

  /// Takes over the host, which is tuned and bound to the base classes. Its tensors are overwritten from here on.
  /// **Throws** `OptionError` for a setting out of range and for a host that has learned nothing.
  explicit Dpc(HostT&& host, Options options = {}) : host_(std::move(host)), options_(options), base_(host_.classes()) {
    const auto share = [](double weight) { return weight >= 0 && weight <= 1; };
    require<OptionError>(share(options.base_weight) && share(options.new_weight) && options.base_weight > 0,
                         "Dpc: base_weight = ", options.base_weight, " and new_weight = ", options.new_weight,
                         ", expected 0 to 1, the first above 0 (the paper uses 0.2 and 0)");
    require<OptionError>(options.rate > 0, "Dpc: rate = ", options.rate, ", expected above 0");
    for (const Parameter& learned : host_.parameters()) {
      frozen_.push_back(learned.value.detach().clone());
      trained_.push_back({learned.name, parameter(learned.value), learned.rate * options.rate});
    }
    require<OptionError>(!trained_.empty(), "Dpc: the host trains nothing, so there is no prompt to continue from");
  }

  /// The host's, which may be known only at run time.
  [[nodiscard]] BackboneTraits traits() const {
    BackboneTraits traits = traits_of(host_);
    traits.brings_negatives = traits.combines_losses = traits.needs_whole_batch = true;
    return traits;
  }

  void bind(const ClassList& classes) { host_.bind(classes); }
  [[nodiscard]] const ClassList& classes() const { return host_.classes(); }
  /// True if the bound classes are those of the host at construction.
  [[nodiscard]] bool base_mode() const { return classes() == base_; }
  /// With P' if gradients are enabled; otherwise as an evaluation.
  Output forward(const ImageBatch& images, const Candidates& candidates) { return ready().forward(images, candidates); }
  Tensor encode_text(const Candidates& candidates) requires ClassFeatures<HostT> {
    return ready().encode_text(candidates);
  }
  Tensor encode_image(const ImageBatch& images) requires ClassFeatures<HostT> { return ready().encode_image(images); }
  Tensor score(const ImageBatch& images, const Tensor& text) requires ScoresItself<HostT> {
    return ready().score(images, text);
  }

  Tensor auxiliary_loss(const Output& output, const Batch& batch) {
    return options_.host_terms ? host_.auxiliary_loss(output, batch) : Tensor();
  }
  Tensor task_logits(const Output& output, const Batch& batch) requires LabelledLogits<HostT> {
    return host_.task_logits(output, batch);
  }

  /// Weighted as by the host; for a host without a loss over labels (PromptKD), the sum.
  Tensor total_loss(const Tensor& task, const Tensor& auxiliary) {
    if constexpr (WeighsLosses<HostT> && !IgnoresLabels<HostT>) {
      if (options_.host_terms) return host_.total_loss(task, auxiliary);
    }
    return auxiliary.defined() ? task + auxiliary : task;
  }

  /// Converts gradients of the host's tensors to those of the trained tensors: unchanged, or divided by w.
  void combine(const Tensor& task, const Tensor& auxiliary) {
    if constexpr (CombinesLosses<HostT>) {
      auxiliary.defined() ? host_.combine(task, auxiliary) : task.backward();
    } else {
      total_loss(task, auxiliary).backward();
    }
    ParameterList given = host_.parameters();
    const bool through = options_.trained != DpcParametrisation::Parallel;
    for (std::size_t i = 0; i < given.size(); ++i) {
      const Tensor gradient = given[i].value.grad();
      trained_[i].value.mutable_grad() = gradient.defined() && through ? gradient / options_.base_weight : gradient;
      given[i].value.mutable_grad() = Tensor();
    }
  }

  ParameterList parameters() { return trained_; }
  /// P, and the host's own.
  [[nodiscard]] TensorMap buffers() const {
    TensorMap all;
    if constexpr (HasBuffers<HostT>) all = host_.buffers();
    for (std::size_t i = 0; i < frozen_.size(); ++i) all["frozen." + trained_[i].name] = frozen_[i];
    return all;
  }
  /// **Throws** `FormatError` for one that is missing, `ShapeError` for one of another shape.
  void set_buffers(const TensorMap& values) {
    const at::NoGradGuard no_graph;
    if constexpr (HasBuffers<HostT>) {
      TensorMap of_host = values;
      std::erase_if(of_host, [](const auto& entry) { return entry.first.starts_with("frozen."); });
      host_.set_buffers(of_host);
    }
    for (std::size_t i = 0; i < frozen_.size(); ++i) {
      const std::string name = "frozen." + trained_[i].name;
      const auto found = values.find(name);
      require<FormatError>(found != values.end(), "Dpc: the saved state has no ", name);
      expect_shape(found->second, frozen_[i].sizes(), "Dpc: saved " + name);
      frozen_[i].copy_(found->second);
    }
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const {
    return described("Dpc", options_).with("host", description_of(host_, true));
  }
  [[nodiscard]] ClassList learned_for() const { return base_; }
  [[nodiscard]] double logit_scale() const requires requires(const HostT& host) { host.logit_scale(); }
  { return host_.logit_scale(); }
  [[nodiscard]] decltype(auto) model() const requires requires(const HostT& host) { host.model(); }
  { return host_.model(); }

 private:
  /// P' of one tensor.
  [[nodiscard]] Tensor parallel(std::size_t i) const {
    const Tensor value = trained_[i].value.detach();
    const double share = options_.base_weight;
    return options_.trained == DpcParametrisation::Mixture ? (value - frozen_[i] * (1 - share)) / share : value;
  }

  /// The current share of P'.
  [[nodiscard]] double share_now() const {
    if (at::GradMode::is_enabled()) return 1;
    if (!base_mode()) return options_.new_weight;
    return options_.inference == DpcInference::PaperMixture ? options_.base_weight : 1;
  }

  /// The host with the current prompt in its tensors.
  HostT& ready() {
    const double share = share_now();
    const at::NoGradGuard no_graph;
    ParameterList given = host_.parameters();
    for (std::size_t i = 0; i < given.size(); ++i) {
      given[i].value.copy_(share == 1 ? parallel(i) : parallel(i) * share + frozen_[i] * (1 - share));
    }
    return host_;
  }

  HostT host_;
  Options options_;
  ClassList base_;
  std::vector<OwnTensor> frozen_;  // P
  OwnParameters trained_;          // P' or M
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/impl/dpc.ipp>
#endif
