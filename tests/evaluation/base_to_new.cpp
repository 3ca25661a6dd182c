// SPDX-License-Identifier: Apache-2.0
#include <mao/evaluation/base_to_new.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

constexpr std::int64_t per_class = 4;

/// One set of toy images: the first four of eight classes are base.
struct Half {
  Half(const ToyImages& data, std::int64_t first) : images(data.pixels.narrow(0, first * per_class, 4 * per_class)) {
    for (std::int64_t i = 0; i < images.size(); ++i) labels.push_back(i / per_class);
  }
  TensorImages images;
  std::vector<std::int64_t> labels;
};

/// A task of its own and a backbone, so that runs do not meet.
struct Run {
  std::shared_ptr<const ToyModel> model = ToyModel::make(5);
  ToyImages train_data{8, per_class, 1}, test_data{8, per_class, 2};
  Half base_train{train_data, 0}, fresh_train{train_data, 4}, base_test{test_data, 0}, fresh_test{test_data, 4};
  BaseToNewTask task{
      .base = {toy_classes(4), &base_train.images, base_train.labels, &base_test.images, base_test.labels},
      .fresh = {
          {{"blue whale", "ant", "grey wolf", "bee"}}, &fresh_train.images, {}, &fresh_test.images, fresh_test.labels}};
  Coop<ToyModel> coop{model, task.base.classes};
  std::vector<std::string> stages;

  std::optional<BaseToNewResult> run(BaseToNewOptions options) {
    options.info = {.method = "coop", .model = model->fingerprint(), .classes = {}, .settings = {{"seed", 1}}};
    options.on_stage = [this](const std::string& stage) { stages.push_back(stage); };
    const auto labeler = [this](Coop<ToyModel>& backbone) {
      return ZeroShotLabeler<ToyModel>(model, backbone.classes());
    };
    return run_base_to_new(coop, task, TextTowerSimilarity<ToyModel>(model), labeler, options);
  }
  Tensor context() { return coop.parameters().front().value.detach(); }
};

BaseToNewOptions plain_options() {
  BaseToNewOptions options;
  options.plain = PlainOptions{.batch = 8, .schedule = {.epochs = 4, .learning_rate = 0.05}};
  return options;
}

/// 16 steps in the base stage, 4 in the new one.
BaseToNewOptions mao_options() {
  BaseToNewOptions options;
  options.mao_base = MaoBaseOptions{.sampler = {.batch = 2, .k = 2}, .schedule = {.epochs = 2, .learning_rate = 0.05}};
  options.mao_base->schedule.warmup_epochs = 0;
  options.mao_new = MaoNewOptions{.sampler = {.batch = 8}, .schedule = {.epochs = 2, .learning_rate = 0.05}};
  options.mao_new->schedule.warmup_epochs = 0;
  return options;
}

}  // namespace

TEST_CASE("a method by itself has one prompt, so both protocols agree", "[base_to_new]") {
  Run run;
  const auto result = run.run(plain_options());
  REQUIRE(result.has_value());
  CHECK(run.stages == std::vector<std::string>{"plain", "test"});
  CHECK(result->paper.base == result->single.base);
  CHECK(result->paper.fresh == result->single.fresh);
  CHECK((result->first.base == result->paper.base && result->first.fresh == result->paper.fresh));
  CHECK(result->paper.base == test_on(run.coop, run.task.base).accuracy);
  CHECK(result->paper.fresh == test_on(run.coop, run.task.fresh).accuracy);
  CHECK(result->paper.h() == harmonic_mean(result->paper.base, result->paper.fresh));
  CHECK(result->base.total == 16);
}

TEST_CASE("MAO: Base is measured after the base stage, New after the new stage, and again with the new-stage prompts",
          "[base_to_new]") {
  Run run, by_hand;
  const auto result = run.run(mao_options());
  REQUIRE(result.has_value());
  CHECK(run.stages == std::vector<std::string>{"base", "test", "new", "test"});
  auto base_step = mao_base(by_hand.coop, by_hand.task.base.classes, by_hand.task.base.train_labels,
                            TextTowerSimilarity<ToyModel>(by_hand.model), *mao_options().mao_base);
  base_step.fit(*by_hand.task.base.train);
  const auto measured = predict_logits(by_hand.coop, by_hand.task.base.classes, *by_hand.task.base.test);
  CHECK(result->paper.base ==
        measure(winners(measured), by_hand.task.base.test_labels, by_hand.task.base.classes).accuracy);
  CHECK_FALSE(by_hand.context().equal(run.context()));  // the new stage has trained
  CHECK(result->first.base == result->paper.base);
  CHECK(result->first.fresh == test_on(by_hand.coop, by_hand.task.fresh).accuracy);
  CHECK(result->single.base == test_on(run.coop, run.task.base).accuracy);
  CHECK(result->single.fresh == test_on(run.coop, run.task.fresh).accuracy);
  CHECK(result->paper.fresh == result->single.fresh);
}

namespace {

/// The base stage without hard negatives; the new stage is the usual one.
struct ShuffledBase {
  int* calls;
  template <class BackboneT, class SimilarityT>
  auto operator()(BackboneT& backbone, const TaskHalf& base, const SimilarityT&, const MaoBaseOptions& options) const {
    ++*calls;
    return plain(backbone, base.classes, base.train_labels, {.batch = 4, .schedule = options.schedule});
  }
};

}  // namespace

TEST_CASE("a run takes the tuners of the stages that it is given, and the usual ones of the others", "[base_to_new]") {
  Run own, usual;
  int calls = 0;
  const auto labeler = [&](Coop<ToyModel>& backbone) {
    return ZeroShotLabeler<ToyModel>(own.model, backbone.classes());
  };
  const TextTowerSimilarity<ToyModel> similarity(own.model);
  const auto result = run_base_to_new(own.coop, own.task, similarity, labeler, mao_options(), ShuffledBase{&calls});
  REQUIRE(result.has_value());
  CHECK(calls == 1);
  REQUIRE(result->trainings.size() == 2);
  CHECK(result->trainings[0].stage == "plain");
  CHECK(result->trainings[0].epochs[0].steps == 4);
  CHECK(result->trainings[1].stage == "new stage");
  usual.run(mao_options());
  CHECK_FALSE(usual.context().equal(own.context()));
}

TEST_CASE("a run that is stopped in either step and started again comes to the same end", "[base_to_new]") {
  Run whole;
  const auto expected = whole.run(mao_options());
  for (const int steps : {3, 12, 17, 19}) {
    CAPTURE(steps);
    const mao_test::TemporaryFolder folder;
    BaseToNewOptions options = mao_options();
    options.folder = folder.path();
    Run first, second;
    int asked = 0;
    options.observer.should_stop = [&] { return asked++ >= steps; };
    CHECK_FALSE(first.run(options).has_value());
    CHECK(std::filesystem::exists(folder / "base.prompts.safetensors") == (steps > 16));
    options.observer = {};
    const auto result = second.run(options);
    REQUIRE(result.has_value());
    CHECK(second.context().equal(whole.context()));
    CHECK((result->paper.base == expected->paper.base && result->paper.fresh == expected->paper.fresh));
    CHECK((result->single.base == expected->single.base && result->single.fresh == expected->single.fresh));
    const Prompts saved = load_prompts(folder / "new.prompts.safetensors");
    CHECK(saved.info.classes == second.task.fresh.classes);
    CHECK(saved.tensors.at("prompt_learner.ctx").equal(whole.context()));
  }
}

TEST_CASE("exactly one of the method by itself and MAO must be chosen", "[base_to_new]") {
  Run run;
  BaseToNewOptions both = mao_options();
  both.plain = PlainOptions{};
  CHECK_THROWS_AS(run.run({}), OptionError);
  CHECK_THROWS_AS(run.run(both), OptionError);
  CHECK(run.stages.empty());
}

TEST_CASE("testing on other classes from on_epoch changes nothing", "[base_to_new]") {
  const auto trained = [](bool validate) {
    Run run;
    Observer observer;
    if (validate) observer.on_epoch = [&](const EpochReport&) { test_on(run.coop, run.task.fresh); };
    plain(run.coop, run.task.base.classes, run.task.base.train_labels, *plain_options().plain)
        .fit(*run.task.base.train, observer);
    CHECK(run.coop.classes() == run.task.base.classes);
    return run.context().clone();
  };
  CHECK(trained(true).equal(trained(false)));
}

TEST_CASE("a second run on the same backbone is on the base classes again", "[base_to_new]") {
  Run run, by_hand;
  run.run(mao_options());
  run.run(mao_options());
  for (int i = 0; i < 2; ++i) {
    by_hand.coop.bind(by_hand.task.base.classes);
    mao_base(by_hand.coop, by_hand.task.base.classes, by_hand.task.base.train_labels,
             TextTowerSimilarity<ToyModel>(by_hand.model), *mao_options().mao_base)
        .fit(*by_hand.task.base.train);
    mao_new(by_hand.coop, 16, ZeroShotLabeler<ToyModel>(by_hand.model, by_hand.task.fresh.classes),
            *mao_options().mao_new)
        .fit(*by_hand.task.fresh.train);
  }
  CHECK(run.context().equal(by_hand.context()));
}

TEST_CASE("images that are missing are named before anything is trained", "[base_to_new]") {
  const auto refuse = [](auto&& take, const char* what, BaseToNewOptions options) {
    Run run;
    take(run.task);
    CHECK_THROWS_WITH(run.run(std::move(options)), ContainsSubstring(std::string(what) + " is null"));
    CHECK(run.stages.empty());
  };
  refuse([](BaseToNewTask& t) { t.base.train = nullptr; }, "the base half's TaskHalf::train", plain_options());
  refuse([](BaseToNewTask& t) { t.base.test = nullptr; }, "the base half's TaskHalf::test", plain_options());
  refuse([](BaseToNewTask& t) { t.fresh.test = nullptr; }, "the new half's TaskHalf::test", plain_options());
  refuse([](BaseToNewTask& t) { t.fresh.train = nullptr; }, "the new half's TaskHalf::train", mao_options());
  Run run;
  run.task.fresh.train = nullptr;
  CHECK(run.run(plain_options()).has_value());  // which trains on the base half alone
  TaskHalf nothing;
  nothing.classes = toy_classes(4);
  CHECK_THROWS_WITH(test_on(run.coop, nothing), ContainsSubstring("TaskHalf::test is null"));
}

TEST_CASE("a `bind` that throws is told in one line", "[base_to_new]") {
  struct Unbindable : Coop<ToyModel> {
    using Coop<ToyModel>::Coop;
    void bind(const ClassList&) { throw std::runtime_error("no text tower"); }
  };
  Run run;
  Unbindable backbone(run.model, run.task.base.classes);
  CHECK_THROWS_WITH(test_on(backbone, run.task.fresh),
                    "evaluation: the backbone's `bind` failed: no text tower; expected a backbone for 4 classes ('blue "
                    "whale', 'ant', 'grey wolf', ...)");
}

TEST_CASE("a new class whose name the prompts cannot hold is refused before anything is trained", "[base_to_new]") {
  std::string name = "a";
  for (int i = 0; i < 100; ++i) name += " a";
  for (const BaseToNewOptions& options : {plain_options(), mao_options()}) {
    Run run;
    run.task.fresh.classes.names[2] = name;
    const Tensor before = run.context().clone();
    CHECK_THROWS_WITH(run.run(options), ContainsSubstring("class \"" + name) && ContainsSubstring("shorten the name"));
    CHECK(run.stages.empty());
    CHECK(run.context().equal(before));
    BaseToNewOptions base_alone = options;
    base_alone.mao_new.reset();
    base_alone.test_new = false;  // the new classes are of no account then
    CHECK(run.run(base_alone).has_value());
  }
}
