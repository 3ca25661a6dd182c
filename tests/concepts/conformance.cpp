// SPDX-License-Identifier: Apache-2.0
// What the library offers conforms to its concepts, and near misses do not. Each near miss lacks one thing.
#include <mao/backbones/concepts.hpp>
#include <mao/labelers/concepts.hpp>
#include <mao/models/concepts.hpp>
#include <mao/prompts/concepts.hpp>
#include <mao/regularizers/concepts.hpp>
#include <mao/sampling/concepts.hpp>
#include <mao/schedules/concepts.hpp>
#include <mao/tuner/concepts.hpp>

#include <mao/backbones/coop.hpp>
#include <mao/data/loader.hpp>
#include <mao/embedded/archetypes.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/any_model.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/sampling/file_similarity.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/schedules/constant.hpp>
#include <mao/schedules/cosine.hpp>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::ToyModel;

namespace {

struct NotEvenCopyableModel : ToyModel {
  NotEvenCopyableModel(const NotEvenCopyableModel&) = delete;
};
struct EncodesForItselfOnly : ToyModel {
  Tensor encode_text(const TextBatch&) { return {}; }  // not const
};
struct PrivateTokens : ToyModel {
  std::vector<int> tokenize(const std::string&) const { return {}; }  // another integer
};
struct Unnamed : ToyModel {
  Tensor fingerprint() const { return {}; }  // no text
};

struct WithoutCandidates : archetype::Backbone {
  Output forward(const ImageBatch&);
};
struct VoidLoss : archetype::Backbone {
  void auxiliary_loss(const Output&, const Batch&);
};
struct CopiesClasses : archetype::Backbone {
  ClassList classes() const;
};
struct BareTensors : archetype::Backbone {
  std::vector<Tensor> parameters();
};

struct Frozen : archetype::Backbone {
  static constexpr bool frozen_image_tower = true;
};
struct SaysItIsNotFrozen : archetype::Backbone {
  static constexpr bool frozen_image_tower = false;
};
struct WithHooks : archetype::Backbone {
  static constexpr bool needs_all_classes = true;
  void end_epoch(const EpochInfo&);
  void finish();
  void combine(const Tensor& task, const Tensor& auxiliary);
};

struct LossAlone {
  Tensor operator()(const Output&, const Batch&) const;
};
struct NumberLoss : archetype::Regularizer {
  double operator()(const Output&, const Batch&) const;
};
struct ForgetfulRegularizer {  // its candidates are not const
  Candidates candidates(const Batch&, const ClassList&);
  Tensor operator()(const Output&, const Batch&) const;
};

}  // namespace

TEST_CASE("models", "[conformance]") {
  STATIC_REQUIRE(VisionLanguageModel<Clip>);
  STATIC_REQUIRE(VisionLanguageModel<ToyModel>);
  STATIC_REQUIRE(VisionLanguageModel<AnyModel>);
  STATIC_REQUIRE(VisionLanguageModel<NotEvenCopyableModel>);  // backbones share a model
  STATIC_REQUIRE(explain::vision_language_model<AnyModel>());
  STATIC_REQUIRE_FALSE(VisionLanguageModel<EncodesForItselfOnly>);
  STATIC_REQUIRE_FALSE(VisionLanguageModel<PrivateTokens>);
  STATIC_REQUIRE_FALSE(VisionLanguageModel<Unnamed>);
  STATIC_REQUIRE_FALSE(VisionLanguageModel<std::shared_ptr<const ToyModel>>);
  STATIC_REQUIRE_FALSE(VisionLanguageModel<TextTower>);
}

TEST_CASE("backbones, and what they may offer besides", "[conformance]") {
  STATIC_REQUIRE((Backbone<Coop<Clip>> && ClassFeatures<Coop<Clip>> && FrozenImageTower<Coop<Clip>>));
  STATIC_REQUIRE((Backbone<Coop<AnyModel>> && Backbone<ZeroShot<ToyModel>>));
  STATIC_REQUIRE(ClassFeatures<ZeroShot<AnyModel>>);
  STATIC_REQUIRE(explain::backbone<Coop<ToyModel>>());
  STATIC_REQUIRE_FALSE((NeedsAllClasses<Coop<Clip>> || EpochAware<Coop<Clip>> || Finishes<Coop<Clip>>));
  STATIC_REQUIRE((FrozenImageTower<Frozen> && !FrozenImageTower<SaysItIsNotFrozen> && !ClassFeatures<Frozen>));
  STATIC_REQUIRE(
      (NeedsAllClasses<WithHooks> && EpochAware<WithHooks> && Finishes<WithHooks> && CombinesLosses<WithHooks>));
  STATIC_REQUIRE_FALSE(Backbone<WithoutCandidates>);
  STATIC_REQUIRE_FALSE(Backbone<VoidLoss>);
  STATIC_REQUIRE_FALSE(Backbone<CopiesClasses>);
  STATIC_REQUIRE_FALSE(Backbone<BareTensors>);
  STATIC_REQUIRE_FALSE(Backbone<const Coop<Clip>>);
}

TEST_CASE("samplers, similarities and labellers of the paper", "[conformance]") {
  using Labeler = ZeroShotLabeler<ToyModel>;
  STATIC_REQUIRE((Sampler<ShuffledSampler> && !LabelsBatches<ShuffledSampler>));
  STATIC_REQUIRE(Sampler<HardNegativeSampler<TextTowerSimilarity<ToyModel>>>);
  STATIC_REQUIRE(Sampler<HardNegativeSampler<FileSimilarity>>);
  STATIC_REQUIRE((Sampler<PseudoLabelSampler<Labeler>> && LabelsBatches<PseudoLabelSampler<Labeler>>));
  STATIC_REQUIRE((PseudoLabeler<Labeler> && PseudoLabeler<TunedPromptLabeler<Coop<Clip>>>));
  STATIC_REQUIRE(TextSimilarity<TextTowerSimilarity<AnyModel>>);
  STATIC_REQUIRE_FALSE((Sampler<Labeler> || PseudoLabeler<ShuffledSampler> || TextSimilarity<Labeler>));
}

TEST_CASE("regularizers and schedules", "[conformance]") {
  STATIC_REQUIRE((Regularizer<CrossEntropy> && Regularizer<AlterableRegularizer>));
  STATIC_REQUIRE((Schedule<CosineSchedule> && Schedule<ConstantSchedule>));
  STATIC_REQUIRE(explain::regularizer<AlterableRegularizer>());
  STATIC_REQUIRE_FALSE((Regularizer<LossAlone> || Regularizer<NumberLoss> || Regularizer<ForgetfulRegularizer>));
  STATIC_REQUIRE_FALSE((Schedule<CrossEntropy> || Regularizer<CosineSchedule>));
}

TEST_CASE("a tuner takes four policies in their order", "[conformance]") {
  STATIC_REQUIRE(Tunable<Coop<Clip>, ShuffledSampler, CrossEntropy, CosineSchedule>);
  STATIC_REQUIRE(
      explain::policies<archetype::Backbone, archetype::Sampler, archetype::Regularizer, archetype::Schedule>());
  STATIC_REQUIRE_FALSE(Tunable<Coop<Clip>, CrossEntropy, ShuffledSampler, CosineSchedule>);
  STATIC_REQUIRE_FALSE(Tunable<Clip, ShuffledSampler, CrossEntropy, CosineSchedule>);
  STATIC_REQUIRE_FALSE(CombinesLosses<Coop<Clip>>);
}

TEST_CASE("places of the class name have CoOp's names", "[conformance]") {
  CHECK(name_of(ClassPosition::End) == "end");
  CHECK(name_of(ClassPosition::Middle) == "middle");
  CHECK(name_of(ClassPosition::Front) == "front");
}
