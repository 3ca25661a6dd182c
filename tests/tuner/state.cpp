// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/state.hpp>

#include <set>

#include <ATen/ops/ones.h>

#include <mao/backbones/adapt.hpp>
#include <mao/backbones/cocoop.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/coprompt.hpp>
#include <mao/backbones/dept.hpp>
#include <mao/backbones/dpc.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/kgcoop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/proda.hpp>
#include <mao/backbones/prograd.hpp>
#include <mao/backbones/promptkd.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/backbones/tcp.hpp>
#include <mao/backbones/upt.hpp>
#include <mao/backbones/vpt.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/prediction_negatives.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/constant.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/schedules/step.hpp>

#include <support/catch.hpp>
#include <support/shape_model.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

TEST_CASE("a state is a copy, and comes back with the optimizer's", "[state]") {
  Coop<ToyModel> coop(ToyModel::make(), toy_classes(3));
  Optimizer optimizer(coop.parameters());
  const auto step = [&] {
    optimizer.zero_grad();
    coop.parameters()[0].value.square().sum().backward();
    optimizer.step([](const Parameter&) { return 0.1; });
  };
  step();
  const TunerState state = state_of(coop, optimizer, 4);
  const Tensor before = coop.parameters()[0].value.detach().clone();
  step();
  const Tensor after = coop.parameters()[0].value.detach().clone();
  CHECK(state.epochs_done == 4);
  CHECK(state.parameters.at("prompt_learner.ctx").equal(before));
  restore_state(coop, optimizer, state, "plain");
  step();  // with the momentum of then
  CHECK(coop.parameters()[0].value.equal(after));
  Optimizer adam(coop.parameters(), {.kind = OptimizerKind::Adam});
  CHECK_THROWS_WITH(restore_state(coop, adam, state, "plain"),
                    ContainsSubstring("holds velocity.prompt_learner.ctx") && ContainsSubstring("Adam"));
  CHECK_THROWS_WITH(restore_state(coop, optimizer, TunerState{}, "plain"),
                    ContainsSubstring("plain: the saved state has no prompt_learner.ctx"));
}

TEST_CASE("class-specific parameters go back to their own classes alone", "[state]") {
  const auto model = ToyModel::make();
  const auto made = [&](const ClassList& classes) {
    return Coop<ToyModel>(model, classes, {.init = "", .context = 2, .class_specific = true});
  };
  auto first = made(toy_classes(3)), second = made({{"owl", "newt", "elk"}});
  const Optimizer optimizer(first.parameters());
  Optimizer other(second.parameters());
  CHECK_THROWS_WITH(
      restore_state(second, other, state_of(first, optimizer, 1), "plain"),
      ContainsSubstring("plain: the saved parameters belong to 3 classes ('cat', 'big_dog', 'red fox')") &&
          ContainsSubstring("expected 3 classes ('owl', 'newt', 'elk')"));
}

namespace {

/// Other values of a setting, one of which the policy will take.
template <class V>
std::vector<V> others_of(const V& value) {
  if constexpr (std::same_as<V, bool>) {
    return {!value};
  } else if constexpr (std::is_enum_v<V>) {
    return {static_cast<V>(static_cast<int>(value) == 0 ? 1 : 0)};
  } else if constexpr (std::integral<V>) {
    return value == 0 ? std::vector<V>{1} : std::vector<V>{static_cast<V>(value + 1), static_cast<V>(value * 2)};
  } else if constexpr (std::floating_point<V>) {
    return value == 0 ? std::vector<V>{0.5} : std::vector<V>{value / 2, value + 0.5, value * 2};
  } else if constexpr (std::same_as<V, std::string>) {
    return {value.empty() ? "this" : value + " one", "one {}.", "a b c d"};
  } else if constexpr (std::same_as<V, Descriptions>) {
    return {descriptions_of_templates({"one {}."})};
  } else {
    V longer = value;
    if constexpr (std::same_as<V, std::vector<int>>) longer.push_back(3);
    if constexpr (std::same_as<V, std::vector<std::string>>) longer.emplace_back("one {}.");
    return {longer};
  }
}

/// `use(name, options)` for every way to change one field of `options`, those of nested aggregates too.
template <class OptionsT, class Use>
void each_change(const OptionsT& options, Use&& use) {
  OptionsT changed = options;
  detail::for_each_field(changed, [&](const std::string& name, auto& field) {
    const auto before = field;
    const auto tried = [&](const std::string& called, const auto& value) {
      field = value;
      use(called, std::as_const(changed));
      field = before;
    };
    if constexpr (detail::NamedFields<std::remove_cvref_t<decltype(field)>>) {
      each_change(before, [&](const std::string& inner, const auto& value) { tried(name + "." + inner, value); });
    } else {
      for (const auto& other : others_of(before)) tried(name, other);
    }
  });
}

template <class B>
std::map<std::string, std::string> training_with(B& backbone) {
  const ShuffledSampler sampler({0, 1, 2}, toy_classes(3));
  return training_of(backbone, sampler, CrossEntropy{}, ConstantSchedule(), Optimizer(backbone.parameters()), 1, false);
}

std::string difference(const std::map<std::string, std::string>& saved,
                       const std::map<std::string, std::string>& here) {
  try {
    expect_same_training(saved, here, "plain");
  } catch (const OptionError& error) {
    return error.what();
  }
  return "accepted";
}

/// Changes each field of each of `bases` and asks `training` for what a checkpoint says of a policy with such options;
/// `called`: how it calls the policy. Every field has to be noticed in some base, and none may pass in any.
template <class OptionsT, class TrainingOf>
void check_each_field(const std::string& called, const std::vector<OptionsT>& bases, TrainingOf&& training,
                      const std::set<std::string>& without_effect = {}) {
  REQUIRE(!bases.empty());
  std::map<std::string, int> noticed;
  for (const OptionsT& base : bases) {
    const auto saved = training(base);
    CHECK(difference(saved, training(base)) == "accepted");
    each_change(base, [&](const std::string& field, const OptionsT& changed) {
      if (without_effect.contains(field)) return;
      noticed.try_emplace(field, 0);
      CAPTURE(called, field);
      try {
        const auto here = training(changed);
        CHECK_THAT(difference(saved, here), ContainsSubstring(called + "." + field));
        ++noticed[field];
      } catch (const Error&) {  // a value that the policy does not take
      }
    });
  }
  for (const auto& [field, times] : noticed) {
    CAPTURE(called, field);
    CHECK(times > 0);
  }
}

}  // namespace

TEST_CASE("a change of any field of any method's options is noticed when a training resumes", "[state]") {
  using Model = mao_test::ShapeModel;
  const auto clip = std::make_shared<const Model>(Model{.sizes = {8, 12, 8, 12}, .embed_width = 8});
  const auto of = [&]<class B>(std::type_identity<B>, const std::vector<typename B::Options>& bases,
                               const std::set<std::string>& without_effect = {}) {
    const auto training = [&](const typename B::Options& options) {
      B backbone(clip, toy_classes(3), options);
      return training_with(backbone);
    };
    check_each_field("method", bases, training, without_effect);
  };
  of(std::type_identity<Coop<Model>>(), {{}, {.init = ""}});
  of(std::type_identity<KgCoop<Model>>(), {{}});
  of(std::type_identity<ProGrad<Model>>(), {{}, {.init = ""}});
  of(std::type_identity<PromptSrc<Model>>(), {{}});
  of(std::type_identity<ProDa<Model>>(), {{}});
  of(std::type_identity<Upt<Model>>(), {{}});
  of(std::type_identity<CoCoop<Model>>(), {{}}, {"rows"});
  of(std::type_identity<Maple<Model>>(), {{.depth = 3}});
  of(std::type_identity<CoPrompt<Model>>(), {{.depth = 3}});
  of(std::type_identity<Tcp<Model>>(), {{}});
  of(std::type_identity<Adapt<Model>>(), {{.target = 20}});
  of(std::type_identity<Ivlp<Model>>(), {{}});
  of(std::type_identity<Vpt<Model>>(), {{.depth = 3}});
  const auto over_coop = [&]<class B>(std::type_identity<B>) {
    const auto training = [&](const typename B::Options& options) {
      B backbone(Coop<Model>(clip, toy_classes(3)), options);
      return training_with(backbone);
    };
    check_each_field<typename B::Options>("method", {{}}, training);
    const auto host = [&](const Coop<Model>::Options& options) {
      B backbone(Coop<Model>(clip, toy_classes(3), options));
      return training_with(backbone);
    };
    check_each_field<Coop<Model>::Options>("method.host", {{}, {.init = ""}}, host);
  };
  over_coop(std::type_identity<Dept<Coop<Model>>>());
  over_coop(std::type_identity<Dpc<Coop<Model>>>());
  using Kd = PromptKd<Model, ZeroShot<Model>>;
  check_each_field<PromptKdOptions>("method", {{.vision_depth = 3}}, [&](const PromptKdOptions& options) {
    Kd backbone(clip, ZeroShot<Model>(clip, toy_classes(3)), options);
    return training_with(backbone);
  });
  check_each_field<ZeroShot<Model>::Options>("method.teacher", {{}}, [&](const ZeroShot<Model>::Options& options) {
    Kd backbone(clip, ZeroShot<Model>(clip, toy_classes(3), options), {.vision_depth = 3});
    return training_with(backbone);
  });
}

TEST_CASE("a change of any field of any other policy's options is noticed when a training resumes", "[state]") {
  using Model = mao_test::ShapeModel;
  const auto clip = std::make_shared<const Model>(Model{.sizes = {8, 2, 8, 2}, .embed_width = 8});
  Coop<Model> coop(clip, toy_classes(6));
  const std::vector<std::int64_t> labels{0, 1, 2, 3, 4, 5};
  const auto training = [&](const auto& sampler, const auto& regularizer, const auto& schedule,
                            const OptimizerOptions& optimizer) {
    return training_of(coop, sampler, regularizer, schedule, Optimizer(coop.parameters(), optimizer), 1, false);
  };
  const auto of_sampler = [&](const auto& sampler) {
    return training(sampler, CrossEntropy{}, ConstantSchedule(), {});
  };
  const ShuffledSampler shuffled(labels, toy_classes(6));
  check_each_field<ShuffledOptions>("sampler", {{}}, [&](const auto& options) {
    return of_sampler(ShuffledSampler(labels, toy_classes(6), options));
  });
  const auto similarity = [](const std::vector<std::string>& names, const std::vector<std::string>&) {
    return Eigen::MatrixXf(Eigen::MatrixXf::Identity(std::ssize(names), std::ssize(names)));
  };
  check_each_field<HardNegativeOptions>("sampler", {{.batch = 2, .k = 2, .minimum = 1}}, [&](const auto& options) {
    return of_sampler(HardNegativeSampler(labels, toy_classes(6), similarity, options));
  });
  const Eigen::MatrixXf logits = Eigen::MatrixXf::Identity(6, 6);
  check_each_field<PredictionNegativesOptions>(
      "sampler", {{.batch = 2, .k = 2, .minimum = 1}},
      [&](const auto& options) { return of_sampler(PredictionNegatives(labels, toy_classes(6), logits, options)); });
  check_each_field<PseudoLabelOptions>("sampler", {{}}, [&](const auto& options) {
    return of_sampler(PseudoLabelSampler(6, ZeroShotLabeler(clip, toy_classes(6)), options));
  });
  using Labeler = ZeroShotLabeler<Model>;
  check_each_field<Labeler::Options>("sampler.labeler.of", {{}}, [&](const auto& options) {
    return of_sampler(PseudoLabelSampler(6, Labeler(clip, toy_classes(6), options)));
  });
  check_each_field<AlterableRegularizer::Options>("regularizer", {{}}, [&](const auto& options) {
    return training(shuffled, AlterableRegularizer(options), ConstantSchedule(), {});
  });
  const auto of_schedule = [&](const auto& schedule) { return training(shuffled, CrossEntropy{}, schedule, {}); };
  check_each_field<ConstantOptions>("schedule", {{}}, [&](const auto& o) { return of_schedule(ConstantSchedule(o)); });
  check_each_field<CosineOptions>("schedule", {{}}, [&](const auto& o) { return of_schedule(CosineSchedule(o)); });
  check_each_field<StepOptions>("schedule", {{}}, [&](const auto& o) { return of_schedule(StepSchedule(o)); });
  check_each_field<OptimizerOptions>("optimizer", {{}, {.dampening = 0.1}}, [&](const auto& options) {
    return training(shuffled, CrossEntropy{}, ConstantSchedule(), options);
  });
}

TEST_CASE("multiples of the learning rate that were swapped between parameters are another training", "[state]") {
  const auto rates = [](double first, double second) {
    const ParameterList parameters{{"first", parameter(at::ones({2})), first},
                                   {"second", parameter(at::ones({2})), second}};
    Coop<ToyModel> coop(ToyModel::make(), toy_classes(3));
    return training_of(coop, ShuffledSampler({0, 1, 2}, toy_classes(3)), CrossEntropy{}, ConstantSchedule(),
                       Optimizer(parameters), 1, false);
  };
  CHECK(difference(rates(1, 6.5), rates(1, 6.5)) == "accepted");
  CHECK_THAT(
      difference(rates(1, 6.5), rates(6.5, 1)),
      ContainsSubstring("rate multiple of first: 1 there, 6.5 here; rate multiple of second: 6.5 there, 1 here"));
}
