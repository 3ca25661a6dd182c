// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/prompt_tuner.hpp>

#include <mao/regularizers/cross_entropy.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/kgcoop.hpp>
#include <mao/data/detail/load_job.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/tuner/predict.hpp>

#include <support/catch.hpp>
#include <support/counting_model.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

Tensor context_of(Coop<ToyModel>& coop) { return coop.parameters().front().value.detach().clone(); }

struct Run {
  std::shared_ptr<const ToyModel> model = ToyModel::make(11);
  ToyImages data{6, 8, 1};
  TensorImages images{data.pixels};
  Coop<ToyModel> coop{model, toy_classes(6)};

  auto tuner(int epochs = 4) {
    return PromptTuner(coop, ShuffledSampler(data.labels, toy_classes(6), {.batch = 16}), CrossEntropy{},
                       CosineSchedule({.epochs = epochs, .learning_rate = 0.02}), TunerOptions{.seed = 3});
  }
};

}  // namespace

TEST_CASE("training lowers the loss and changes nothing but the parameters", "[prompt_tuner]") {
  Run run;
  const TensorMap before = run.model->weights();
  const Tensor start = context_of(run.coop);
  std::vector<double> losses;
  Observer observer;
  observer.on_epoch = [&](const EpochReport& report) { losses.push_back(report.loss); };
  auto tuner = run.tuner(8);
  CHECK(tuner.fit(run.images, observer) == FitResult::Finished);
  REQUIRE(losses.size() == 8);
  CHECK(losses.back() < losses.front());
  CHECK(largest_difference(context_of(run.coop), start) > 1e-3);
  for (const auto& [name, value] : run.model->weights()) CHECK(value.is_same(before.at(name)));
  CHECK_FALSE(run.images.load({{.image = 0}}).pixels.requires_grad());
}

TEST_CASE("an epoch is announced whole, hard negatives included, before the first batch is loaded", "[prompt_tuner]") {
  struct Recorder : TensorImages {
    using TensorImages::TensorImages;
    void announce(const std::vector<std::vector<View>>& batches) override {
      CHECK(next == announced.size());  // nothing of the last epoch is left
      announced.insert(announced.end(), batches.begin(), batches.end());
    }
    ImageBatch load(const std::vector<View>& views) override {
      REQUIRE(next < announced.size());
      CHECK(detail::same_views(announced[next++], views));
      return TensorImages::load(views);
    }
    std::vector<std::vector<View>> announced;
    std::size_t next = 0;
  };
  Run run;
  Recorder images(run.data.pixels);
  const auto by_chance = [](const std::vector<std::string>& queries, const std::vector<std::string>& candidates) {
    return Eigen::MatrixXf(Eigen::MatrixXf::Random(static_cast<Eigen::Index>(queries.size()),
                                                   static_cast<Eigen::Index>(candidates.size())));
  };
  PromptTuner tuner(run.coop, HardNegativeSampler(run.data.labels, run.coop.classes(), by_chance, {.batch = 4, .k = 3}),
                    AlterableRegularizer({.task = AlterableRegularizer::Task::Base}), CosineSchedule({.epochs = 2}),
                    TunerOptions{.augment = true});
  tuner.fit(images);
  CHECK(images.next == images.announced.size());
  REQUIRE(images.announced.size() == 2 * 12);
  CHECK(images.announced[0].size() > 4);
}

TEST_CASE("labels cost no image pass beside the method's own", "[prompt_tuner]") {
  const auto model = std::make_shared<const mao_test::CountingModel>(11);
  const ToyImages data(6, 8, 1);
  TensorImages images(data.pixels);
  Coop<mao_test::CountingModel> coop(model, toy_classes(6));
  ZeroShotLabeler<mao_test::CountingModel> labeler(model, toy_classes(6));
  PromptTuner tuner(coop, PseudoLabelSampler(48, labeler, {.batch = 16}),
                    AlterableRegularizer({.task = AlterableRegularizer::Task::New}), CosineSchedule({.epochs = 2}));
  model->reset();
  tuner.fit(images);
  CHECK(model->frozen_images == 2 * 48);
  CHECK(model->texts == 2 * 3 * 6);  // the learned prompts of each step; those of the labeller were encoded before
}

TEST_CASE("the same seed gives the same run, another seed another", "[prompt_tuner]") {
  Run one, two, three;
  one.tuner().fit(one.images);
  two.tuner().fit(two.images);
  CHECK(largest_difference(context_of(one.coop), context_of(two.coop)) == 0);
  PromptTuner other(three.coop, ShuffledSampler(three.data.labels, toy_classes(6), {.batch = 16}), CrossEntropy{},
                    CosineSchedule({.epochs = 4, .learning_rate = 0.02}), TunerOptions{.seed = 4});
  other.fit(three.images);
  CHECK(largest_difference(context_of(one.coop), context_of(three.coop)) > 0);
}

TEST_CASE("a run that was stopped and resumed ends as if it had not been", "[prompt_tuner]") {
  Run whole;
  whole.tuner().fit(whole.images);
  Run first;
  auto stopped = first.tuner();
  Observer observer;
  int steps = 0;
  observer.should_stop = [&] { return ++steps > 7; };  // within the third epoch
  CHECK(stopped.fit(first.images, observer) == FitResult::Stopped);
  const Tensor ahead = context_of(first.coop);  // a part of the third epoch was trained
  Run second;
  auto resumed = second.tuner();
  TunerState at_epoch_two;
  {
    Run replay;
    auto tuner = replay.tuner();
    Observer stop_after_two;
    stop_after_two.on_epoch = [&](const EpochReport& report) {
      if (report.epoch == 1) at_epoch_two = tuner.state();
    };
    tuner.fit(replay.images, stop_after_two);
  }
  resumed.resume(at_epoch_two);
  CHECK(resumed.fit(second.images) == FitResult::Finished);
  CHECK(largest_difference(context_of(second.coop), context_of(whole.coop)) == 0);
  CHECK(largest_difference(ahead, context_of(whole.coop)) > 0);
}

TEST_CASE("features kept from the frozen tower give the same run as pixels", "[prompt_tuner]") {
  Run pixels, kept;
  pixels.tuner().fit(pixels.images);
  FeatureImages features = FeatureImages::encode(*kept.model, kept.images);
  kept.tuner().fit(features);
  CHECK(largest_difference(context_of(pixels.coop), context_of(kept.coop)) < 1e-5);
}

TEST_CASE("images below the confidence threshold do not train; a batch of them is skipped", "[prompt_tuner]") {
  Run run;
  const Tensor start = context_of(run.coop);
  using Labeler = ZeroShotLabeler<ToyModel>;
  PseudoLabelSampler<Labeler> sampler(48, Labeler(run.model, toy_classes(6)), {.batch = 16, .threshold = 0.9999F});
  PromptTuner tuner(run.coop, std::move(sampler), AlterableRegularizer({.task = AlterableRegularizer::Task::New}),
                    CosineSchedule({.epochs = 1}));
  int skipped = 0;
  Observer observer;
  observer.on_epoch = [&](const EpochReport& report) { skipped = report.skipped; };
  CHECK_THROWS_WITH(tuner.fit(run.images, observer), ContainsSubstring("so nothing was trained"));
  CHECK(skipped == 3);
  CHECK(largest_difference(context_of(run.coop), start) == 0);
}

namespace {

// A CoOp whose auxiliary loss looks at every class.
struct AllClasses : Coop<ToyModel> {
  using Coop<ToyModel>::Coop;
  static constexpr bool needs_all_classes = true;
  std::int64_t seen = 0;
  Tensor auxiliary_loss(const Output& output, const Batch&) {
    seen = output.logits.size(1);
    return output.text.sum() * 0.0;
  }
};

// A CoOp whose loss is not a number.
struct Broken : Coop<ToyModel> {
  using Coop<ToyModel>::Coop;
  Tensor auxiliary_loss(const Output& output, const Batch&) { return output.logits.sum() * NAN; }
};

// A CoOp that turns its gradient around.
struct Opposed : Coop<ToyModel> {
  using Coop<ToyModel>::Coop;
  void combine(const Tensor& task, const Tensor&) { task.neg().backward(); }
};

template <class BackboneT>
Tensor trained(BackboneT& backbone, Run& run) {
  PromptTuner tuner(backbone, ShuffledSampler(run.data.labels, toy_classes(6), {.batch = 4}), AlterableRegularizer{},
                    CosineSchedule({.epochs = 2, .learning_rate = 0.02}), TunerOptions{.name = "base stage"});
  tuner.fit(run.images);
  return context_of(backbone);
}

}  // namespace

TEST_CASE("encoding only the candidates gives what encoding all gives", "[prompt_tuner]") {
  Run run;
  AllClasses all(run.model, toy_classes(6));
  Coop<ToyModel> some(run.model, toy_classes(6));
  CHECK(largest_difference(trained(all, run), trained(some, run)) < 1e-5);
  CHECK(all.seen == 6);
}

TEST_CASE("a loss that is not finite names step and place", "[prompt_tuner]") {
  Run run;
  Broken broken(run.model, toy_classes(6));
  CHECK_THROWS_WITH(trained(broken, run),
                    ContainsSubstring("base stage, epoch 1, step 1") && ContainsSubstring("the loss is"));
}

TEST_CASE("a backbone may make its own gradients", "[prompt_tuner]") {
  Run run;
  Opposed opposed(run.model, toy_classes(6));
  Coop<ToyModel> plain(run.model, toy_classes(6));
  const Tensor start = context_of(plain);
  const Tensor forwards = trained(plain, run).sub(start), backwards = trained(opposed, run).sub(start);
  CHECK(forwards.mul(backwards).sum().item<double>() < 0);
}

TEST_CASE("a state of another method is refused", "[prompt_tuner]") {
  Run run;
  auto tuner = run.tuner();
  CHECK_THROWS_WITH(tuner.resume({.epochs_done = 1, .parameters = {}, .optimizer = {}, .buffers = {}}),
                    ContainsSubstring("prompt_learner.ctx"));
}

namespace {

/// The easy half of the images first; `Told` says how it knows the epoch.
enum class Told { Epoch, State, Nothing };
template <Told told>
struct Curriculum {
  std::vector<std::int64_t> labels;
  int count = 0;
  std::vector<Batch> drawn(Rng& rng, int epoch) const {
    const std::size_t images = epoch < 2 ? labels.size() / 2 : labels.size();
    return ShuffledSampler({labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(images)}, toy_classes(6),
                           {.batch = 12})
        .epoch(rng);
  }
  std::vector<Batch> epoch(Rng& rng, const EpochInfo& info) requires(told == Told::Epoch) {
    return drawn(rng, info.epoch);
  }
  std::vector<Batch> epoch(Rng& rng) requires(told != Told::Epoch) { return drawn(rng, count++); }
  [[nodiscard]] std::string state() const requires(told == Told::State) { return std::to_string(count); }
  void set_state(const std::string& text) requires(told == Told::State) { count = std::stoi(text); }
};

template <Told told>
auto curriculum(Run& run) {
  return PromptTuner(run.coop, Curriculum<told>{run.data.labels}, CrossEntropy{},
                     CosineSchedule({.epochs = 4, .learning_rate = 0.02}));
}

/// Trains `epochs` epochs, then resumes on another backbone; the context in the end.
template <Told told>
Tensor resumed_after(int epochs) {
  Run first, second;
  auto begun = curriculum<told>(first);
  Observer stopping;
  int done = 0;
  stopping.on_epoch = [&](const EpochReport&) { ++done; };
  stopping.should_stop = [&] { return done == epochs; };
  begun.fit(first.images, stopping);
  auto resumed = curriculum<told>(second);
  resumed.resume(begun.state());
  resumed.fit(second.images);
  return context_of(second.coop);
}

template <Told told>
Tensor uninterrupted() {
  Run run;
  curriculum<told>(run).fit(run.images);
  return context_of(run.coop);
}

}  // namespace

TEST_CASE("a curriculum that knows the epoch, or keeps a state, resumes bit for bit; one that counts is refused",
          "[prompt_tuner]") {
  STATIC_REQUIRE(FollowsEpochs<Curriculum<Told::Epoch>>);
  STATIC_REQUIRE(KeepsState<Curriculum<Told::State>>);
  for (const int epochs : {1, 2, 3}) {
    CAPTURE(epochs);
    CHECK(resumed_after<Told::Epoch>(epochs).equal(uninterrupted<Told::Epoch>()));
    CHECK(resumed_after<Told::State>(epochs).equal(uninterrupted<Told::State>()));
  }
  CHECK_THROWS_WITH(resumed_after<Told::Nothing>(3), ContainsSubstring("counts its own calls"));
}

TEST_CASE("a stop within an epoch loses that epoch alone, on the same tuner too", "[prompt_tuner]") {
  Run whole, stopped;
  whole.tuner().fit(whole.images);
  auto tuner = stopped.tuner();
  Observer observer;
  int steps = 0;
  observer.should_stop = [&] { return ++steps == 8; };  // within the third epoch
  CHECK(tuner.fit(stopped.images, observer) == FitResult::Stopped);
  CHECK(tuner.state().epochs_done == 2);
  CHECK(tuner.fit(stopped.images) == FitResult::Finished);
  CHECK(context_of(stopped.coop).equal(context_of(whole.coop)));
}

TEST_CASE("a tuner is for the classes that it was made for", "[prompt_tuner]") {
  Run run;
  auto before = run.tuner();
  run.coop.bind(ClassList{{"a", "b", "c", "d", "e", "f"}});
  CHECK_THROWS_WITH(before.fit(run.images), ContainsSubstring("class 0 is 'a' instead of 'cat'"));
  run.coop.bind(toy_classes(6));
  Observer validation;
  validation.on_epoch = [&](const EpochReport&) { run.coop.bind(toy_classes(4)); };
  CHECK_THROWS_WITH(before.fit(run.images, validation),
                    ContainsSubstring("the backbone is bound to 4 classes") && ContainsSubstring("expected 6 classes"));
  using Labeler = ZeroShotLabeler<ToyModel>;
  run.coop.bind(toy_classes(4));
  const auto made = [&] {
    PromptTuner(run.coop, PseudoLabelSampler<Labeler>(48, Labeler(run.model, toy_classes(6))), CrossEntropy{},
                CosineSchedule({.epochs = 1}));
  };
  CHECK_THROWS_WITH(made(), ContainsSubstring("the sampler or its labeller is for 6 classes"));
}

TEST_CASE("training that would do nothing is refused", "[prompt_tuner]") {
  Run run;
  struct NoEpochs {
    [[nodiscard]] int epochs() const { return 0; }
    [[nodiscard]] double learning_rate(int) const { return 0.1; }
  };
  PromptTuner none(run.coop, ShuffledSampler(run.data.labels, toy_classes(6)), CrossEntropy{}, NoEpochs{});
  CHECK_THROWS_WITH(none.fit(run.images), ContainsSubstring("0 epochs, expected at least 1"));
  auto tuner = run.tuner(1);
  CHECK(tuner.fit(run.images) == FitResult::Finished);
  CHECK_THROWS_WITH(tuner.fit(run.images), ContainsSubstring("has finished the 1 epochs"));
}

TEST_CASE("a state is resumed with the settings that it was saved with, or refused with both", "[prompt_tuner]") {
  Run run;
  Observer observer;
  bool done = false;
  observer.on_epoch = [&](const EpochReport&) { done = true; };
  observer.should_stop = [&] { return done; };
  auto first = run.tuner();
  first.fit(run.images, observer);
  const TunerState state = first.state();
  const auto refusal = [&](int batch, const CosineOptions& schedule, const TunerOptions& options) -> std::string {
    try {
      ShuffledSampler sampler(run.data.labels, run.coop.classes(), {.batch = batch});
      PromptTuner other(run.coop, std::move(sampler), CrossEntropy{}, CosineSchedule(schedule), options);
      other.resume(state);
    } catch (const OptionError& error) {
      return error.what();
    }
    return "accepted";
  };
  const CosineOptions rates{.epochs = 4, .learning_rate = 0.02};
  CHECK(refusal(16, rates, {.seed = 3}) == "accepted");
  CHECK_THAT(refusal(16, rates, {.seed = 4}), ContainsSubstring("seed: 3 there, 4 here"));
  CHECK_THAT(refusal(8, rates, {.seed = 3}), ContainsSubstring("(sampler.batch: 16 there, 8 here)"));
  CHECK_THAT(refusal(16, {.epochs = 4, .learning_rate = 0.01}, {.seed = 3}),
             ContainsSubstring("learning rates: up to 0.02 (") && ContainsSubstring(" there, up to 0.01 ("));
  CHECK_THAT(refusal(16, rates, {.seed = 3, .optimizer = {.kind = OptimizerKind::Adam}}),
             ContainsSubstring("(optimizer.kind: Sgd there, Adam here)"));
  run.coop.bind(ClassList{{"a", "b", "c", "d", "e", "f"}});
  CHECK_THAT(refusal(16, rates, {.seed = 3}), ContainsSubstring("of a training on 6 classes ('cat'"));
}

namespace {

/// A loss of one's own, which says its settings or keeps them to itself.
template <bool tells>
struct Smoothed : CrossEntropy {
  explicit Smoothed(double by) : share(by) {}
  [[nodiscard]] std::string describe() const requires tells { return text_of("Smoothed, share ", share); }
  double share;
};
struct Silent {
  [[nodiscard]] Candidates candidates(const Batch& batch, const ClassList& classes) const {
    return CrossEntropy().candidates(batch, classes);
  }
  Tensor operator()(const Output& output, const Batch& batch) const { return CrossEntropy()(output, batch); }
};

/// A sampler with a state and settings that it tells nobody.
struct Stateful {
  std::vector<std::int64_t> labels;
  int batch;
  int count = 0;
  std::vector<Batch> epoch(Rng& rng) {
    ++count;
    return ShuffledSampler(labels, toy_classes(6), {.batch = batch}).epoch(rng);
  }
  [[nodiscard]] std::string state() const { return std::to_string(count); }
  void set_state(const std::string& text) { count = std::stoi(text); }
};

/// The state of a training that was stopped after its first epoch.
template <class TunerT>
TunerState stopped_state(TunerT tuner, Run& run) {
  Observer observer;
  bool done = false;
  observer.on_epoch = [&](const EpochReport&) { done = true; };
  observer.should_stop = [&] { return done; };
  tuner.fit(run.images, observer);
  return tuner.state();
}

template <class TunerT>
std::string refused(TunerT tuner, const TunerState& state) {
  try {
    tuner.resume(state);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("another loss, another of its settings, or another batch of a sampler with a state is refused with both",
          "[prompt_tuner]") {
  Run run;
  const auto with = [&](auto sampler, auto regularizer) {
    return PromptTuner(run.coop, std::move(sampler), std::move(regularizer), CosineSchedule({.epochs = 3}));
  };
  const ShuffledSampler plain(run.data.labels, toy_classes(6), {.batch = 16});
  const auto loss = [&](auto regularizer) { return with(plain, std::move(regularizer)); };
  using Task = AlterableRegularizer::Task;
  using Columns = AlterableRegularizer::Columns;

  const TunerState entropy = stopped_state(loss(CrossEntropy{}), run);
  CHECK(refused(loss(CrossEntropy{}), entropy) == "accepted");
  CHECK_THAT(refused(loss(AlterableRegularizer{}), entropy),
             ContainsSubstring("regularizer: CrossEntropy there, AlterableRegularizer here"));
  CHECK_THAT(refused(loss(Silent{}), entropy),
             ContainsSubstring("CrossEntropy there, ") && ContainsSubstring("Silent"));

  const TunerState base = stopped_state(loss(AlterableRegularizer{}), run);
  CHECK_THAT(refused(loss(AlterableRegularizer({.task = Task::New})), base),
             ContainsSubstring("(regularizer.task: Base there, New here)"));
  CHECK_THAT(refused(loss(AlterableRegularizer({.task = Task::Base, .columns = Columns::PerImage})), base),
             ContainsSubstring("(regularizer.columns: Distinct there, PerImage here)"));

  const TunerState smoothed = stopped_state(loss(Smoothed<true>(0.1)), run);
  CHECK(refused(loss(Smoothed<true>(0.1)), smoothed) == "accepted");
  CHECK_THAT(refused(loss(Smoothed<true>(0.2)), smoothed),
             ContainsSubstring("regularizer: Smoothed, share 0.1 there, Smoothed, share 0.2 here"));

  const TunerState stateful = stopped_state(with(Stateful{run.data.labels, 16}, CrossEntropy{}), run);
  CHECK(refused(with(Stateful{run.data.labels, 16}, CrossEntropy{}), stateful) == "accepted");
  CHECK_THAT(refused(with(Stateful{run.data.labels, 8}, CrossEntropy{}), stateful),
             ContainsSubstring("6 batches of 48") && ContainsSubstring("3 batches of 48"));
}

TEST_CASE("a state of another method with tensors of the same names and sizes is refused", "[prompt_tuner]") {
  Run run;
  const TunerState state = stopped_state(run.tuner(), run);
  KgCoop<ToyModel> other(run.model, toy_classes(6));
  PromptTuner tuner(other, ShuffledSampler(run.data.labels, toy_classes(6), {.batch = 16}), CrossEntropy{},
                    CosineSchedule({.epochs = 4, .learning_rate = 0.02}), TunerOptions{.seed = 3});
  CHECK_THAT(refused(std::move(tuner), state), ContainsSubstring("method: Coop there, KgCoop here"));
}
