// SPDX-License-Identifier: Apache-2.0
// The smallest model of each concept in docs/concepts, and the policies of docs/guides/write-a-policy.md.
// `scripts/check_docs.py
// --write` copies the parts to the pages.
#include <cmath>
#include <iostream>
#include <numbers>
#include <numeric>
#include <sstream>

#include <ATen/ops/embedding.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/archetypes.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/tuner/observers.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>

namespace {

// [backbone]
/// One learned number: the temperature of the frozen model's class features.
template <mao::VisionLanguageModel ModelT>
struct Temperature {
  std::shared_ptr<const ModelT> model;
  mao::ClassList bound{};
  mao::Tensor text{};  // [C, D], unit rows of the bound classes
  mao::OwnTensor factor = mao::parameter(at::ones({1}));

  void bind(const mao::ClassList& classes) {  // rebuilds what depends on the classes; `factor` stays
    text = mao::frozen_class_features(*model, classes, {"a photo of a {}."});
    bound = classes;
  }
  const mao::ClassList& classes() const { return bound; }
  mao::Output forward(const mao::ImageBatch& images, const mao::Candidates& candidates) {
    auto output = mao::compare(mao::frozen_image_features(*model, images), mao::class_rows(text, candidates),
                               model->logit_scale(), candidates);
    output.scale = output.scale * factor;
    output.logits = output.logits * factor;
    return output;
  }
  mao::Tensor auxiliary_loss(const mao::Output&, const mao::Batch&) { return {}; }
  mao::ParameterList parameters() { return {{"factor", factor}}; }
};
static_assert(mao::Backbone<Temperature<mao::testing::ToyModel>>);
// [end]

// [pseudo_labeler]
struct AlwaysFirst {
  mao::PseudoLabels label(const mao::ImageBatch& images) {
    return {.labels = std::vector<std::int64_t>(static_cast<std::size_t>(images.size()), 0), .confidence = {}};
  }
};
static_assert(mao::PseudoLabeler<AlwaysFirst>);
// [end]

// [regularizer]
/// Hinge loss over all classes: the correct logit should exceed each other logit by 1.
struct Hinge {
  mao::Candidates candidates(const mao::Batch&, const mao::ClassList& classes) const {
    return mao::Candidates::all(classes.size());
  }
  mao::Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    const auto columns = at::tensor(mao::columns_of(batch.labels, output.candidates)).unsqueeze(1);
    const auto right = output.logits.gather(1, columns.to(output.logits.device()));
    const auto each = (output.logits - right + 1.0).clamp_min(0).mean(1);  // [B]
    return mao::weighted_mean(each, batch.weights);                        // an image with weight 0 does not count
  }
};
static_assert(mao::Regularizer<Hinge>);
// [end]

// [sampler]
struct OneByOne {
  std::vector<std::int64_t> labels;
  std::vector<mao::Batch> epoch(mao::Rng&) const {
    std::vector<mao::Batch> batches;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      batches.push_back({.images = {static_cast<std::int64_t>(i)}, .labels = {labels[i]}, .weights = {}});
    }
    return batches;
  }
};
static_assert(mao::Sampler<OneByOne>);
// [end]

// [curriculum]
/// Only easy images in the first half of the epochs, all images in the second.
struct EasyFirst {
  std::vector<std::int64_t> labels;
  mao::ClassList list;
  std::vector<std::int64_t> easy;  // positions in the image source
  std::size_t batch = 8;

  std::vector<mao::Batch> epoch(mao::Rng& rng, const mao::EpochInfo& info) const {
    std::vector<std::int64_t> chosen = easy;
    if (2 * info.epoch >= info.horizon) {
      chosen.resize(labels.size());
      std::iota(chosen.begin(), chosen.end(), 0);
    }
    rng.shuffle(chosen);
    std::vector<mao::Batch> batches;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (i % batch == 0) batches.emplace_back();
      batches.back().images.push_back(chosen[i]);
      batches.back().labels.push_back(labels[static_cast<std::size_t>(chosen[i])]);
    }
    return batches;
  }
  const mao::ClassList& classes() const { return list; }      // compared with the backbone's
  std::int64_t images() const { return std::ssize(labels); }  // compared with the source's
};
static_assert(mao::FollowsEpochs<EasyFirst> && mao::StatesClasses<EasyFirst> && mao::CountsImages<EasyFirst>);
// [end]

// [keeps_state]
/// Each epoch has `images_an_epoch` images and starts where the last one ended; checkpoints save `next`.
struct InTurn {
  std::vector<std::int64_t> labels;
  int images_an_epoch = 8;
  std::size_t next = 0;

  std::vector<mao::Batch> epoch(mao::Rng&) {
    mao::Batch batch;
    for (int i = 0; i < images_an_epoch; ++i, next = (next + 1) % labels.size()) {
      batch.images.push_back(static_cast<std::int64_t>(next));
      batch.labels.push_back(labels[next]);
    }
    return {batch};
  }
  std::string state() const { return std::to_string(next); }
  void set_state(const std::string& text) { next = std::stoull(text); }
};
static_assert(mao::Sampler<InTurn> && mao::KeepsState<InTurn>);
// [end]

// [schedule]
struct Halving {
  int epochs() const { return 5; }
  double learning_rate(int epoch) const { return 0.01 / (1 << epoch); }
};
static_assert(mao::Schedule<Halving>);
// [end]

// [text_similarity]
// Names of equal length are alike.
struct ByLength {
  Eigen::MatrixXf operator()(const std::vector<std::string>& queries,
                             const std::vector<std::string>& candidates) const {
    Eigen::MatrixXf result(queries.size(), candidates.size());
    for (std::size_t q = 0; q < queries.size(); ++q) {
      for (std::size_t c = 0; c < candidates.size(); ++c) result(q, c) = queries[q].size() == candidates[c].size();
    }
    return result;
  }
};
static_assert(mao::TextSimilarity<ByLength>);
// [end]

// [vision_language_model]
struct BagOfWords {
  mao::Tensor table;  // [V, W]
  mao::Tensor image;  // [3 * R * R, W]

  std::vector<std::int64_t> tokenize(const std::string& text) const {
    std::vector<std::int64_t> ids;
    for (const unsigned char letter : text) ids.push_back(letter + 2);
    return ids;
  }
  std::int64_t start_token() const { return 0; }
  std::int64_t end_token() const { return 1; }
  std::int64_t context_length() const { return 32; }
  mao::Tensor embed(const mao::Tensor& ids) const { return at::embedding(table, ids); }
  mao::Tensor encode_text(const mao::TextBatch& batch) const {
    std::vector<mao::Tensor> rows;
    for (std::int64_t r = 0; r < batch.rows(); ++r) {
      const auto own = batch.suffix.narrow(0, batch.offsets[r], batch.suffix_length(r));
      rows.push_back(batch.prefix[batch.group[r]].sum(0) + own.sum(0));
    }
    return at::stack(rows);
  }
  mao::Tensor encode_image(const mao::Tensor& pixels) const { return at::matmul(pixels.flatten(1), image); }
  double logit_scale() const { return 10.0; }
  mao::Preprocess preprocess() const { return {}; }
  std::string fingerprint() const { return mao::fingerprint_of({{"table", table}, {"image", image}}); }
};
static_assert(mao::VisionLanguageModel<BagOfWords>);
// [end]

// [linear_schedule]
/// Decreases linearly from `top` to 0.
struct LinearSchedule {
  int count = 10;
  double top = 0.0035;

  int epochs() const { return count; }
  double learning_rate(int epoch) const { return top * (count - epoch) / count; }
};
static_assert(mao::Schedule<LinearSchedule>);
// [end]

// [only_sure]
/// The labels of `inner`, except those with a confidence below `least`.
template <mao::PseudoLabeler Inner>
struct OnlySure {
  Inner inner;
  float least = 0.5F;

  mao::PseudoLabels label(const mao::ImageBatch& images) {
    mao::PseudoLabels answer = inner.label(images);
    for (float& confidence : answer.confidence) confidence = confidence < least ? 0.0F : confidence;
    return answer;
  }
  // The classes of the labels; the tuner compares them with those of the backbone.
  decltype(auto) classes() const requires mao::StatesClasses<Inner> { return inner.classes(); }
};
static_assert(mao::PseudoLabeler<OnlySure<mao::archetype::PseudoLabeler>>);
// [end]

}  // namespace

TEST_CASE("a schedule and a labeller of one's own train MAO's new stage", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(3));
  const mao::BaseToNewTask task{{}, {mao::testing::toy_classes(6), &images, {}, nullptr, {}}};
  // [new_step]
  coop.bind(task.fresh.classes);  // before the tuner is made: it is for the bound classes
  mao::ZeroShotLabeler frozen(clip, task.fresh.classes);
  mao::PseudoLabelSampler sampler(task.fresh.train->size(), OnlySure<decltype(frozen)>{frozen}, {.batch = 16});
  mao::PromptTuner tuner(coop, sampler, mao::AlterableRegularizer({.task = mao::AlterableRegularizer::Task::New}),
                         LinearSchedule{.count = 2});
  tuner.fit(*task.fresh.train);
  // [end]
  CHECK(tuner.state().epochs_done == 2);
}

namespace {

// [describe]
/// Cross entropy between labels and a mixture with all candidates.
struct Smoothed : mao::CrossEntropy {
  struct Options {
    double share = 0.1;
    bool by_frequency = false;
    static constexpr const char* fields[] = {"share", "by_frequency"};
  };
  Options options;

  mao::Description describe() const { return mao::described("Smoothed", options); }
};
// another share: "... is of another training (regularizer.share: 0.1 there, 0.2 here); give the settings ..."
// [end]

// [optimizer]
/// Lion (Chen et al., arXiv 2302.06675): the sign of a mean of gradients.
struct Lion {
  double beta1 = 0.9, beta2 = 0.99;

  void step(const mao::Update& update) const {
    mao::Tensor& mean = update.kept["mean"];  // saved in checkpoints
    if (!mean.defined()) mean = at::zeros_like(update.value);
    const mao::Tensor direction = mean.mul(beta1).add(update.gradient, 1 - beta1).sign();
    update.value.mul_(1 - update.rate * update.decay).sub_(direction, update.rate);
    mean = mean.mul(beta2).add(update.gradient, 1 - beta2);
  }
};
static_assert(mao::UpdateRule<Lion>);
// [end]

// [restarts]
/// A cosine that restarts every `period` epochs (SGDR) and changes the rate at each step.
struct Restarts {
  int count = 12, period = 4;
  double top = 0.0035;

  int epochs() const { return count; }
  double learning_rate(int epoch) const { return learning_rate(mao::StepTime{.epoch = epoch}); }
  double learning_rate(const mao::StepTime& time) const {
    const double part = std::fmod(time.epochs(), period) / period;
    return top * (1 + std::cos(std::numbers::pi * part)) / 2;
  }
};
static_assert(mao::FollowsSteps<Restarts>);
// [end]

// [label_smoothing]
/// Cross entropy with smoothed labels: `share` is distributed evenly over all candidates.
struct LabelSmoothing {
  double share = 0.1;

  mao::Candidates candidates(const mao::Batch&, const mao::ClassList& classes) const {
    return mao::Candidates::all(classes.size());
  }
  mao::Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    const auto hard =
        mao::weighted_cross_entropy(output.logits, mao::columns_of(batch.labels, output.candidates), batch.weights);
    const auto even = mao::weighted_mean(output.logits.log_softmax(1).mean(1).neg(), batch.weights);
    return hard * (1 - share) + even * share;
  }
};
static_assert(mao::Regularizer<LabelSmoothing>);
// [end]

// [class_prior]
/// Labels with the class frequencies in `prior`: the model's probabilities are divided by how often it has predicted
/// each class so far.
template <class BackboneT>
struct PriorCorrected {
  mao::ClassProbabilities<BackboneT> model;
  std::vector<float> prior{};  // of each class, sums to 1
  std::vector<float> seen = std::vector<float>(prior.size(), 1);

  mao::PseudoLabels label(const mao::ImageBatch& images) {
    const mao::Tensor given = model(images);  // [B, C]
    auto weights = at::tensor(prior) / at::tensor(seen);
    const mao::Tensor sums = given.sum(0).contiguous();
    for (std::size_t c = 0; c < seen.size(); ++c) seen[c] += sums[static_cast<std::int64_t>(c)].item<float>();
    const auto corrected = given * weights;
    return mao::most_likely(corrected / corrected.sum(1, true));
  }
  const mao::ClassList& classes() const { return model.classes(); }
  mao::TensorMap state() const { return {{"seen", at::tensor(seen)}}; }  // saved in checkpoints
  void set_state(const mao::TensorMap& state) {
    for (std::size_t c = 0; c < seen.size(); ++c)
      seen[c] = state.at("seen")[static_cast<std::int64_t>(c)].item<float>();
  }
};
// [end]

// [small_observer]
/// Halves each gradient and counts the images of all steps.
struct Halved {
  std::int64_t images = 0;
  void on_gradients(const mao::ParameterList& parameters, const mao::StepReport&) {
    for (mao::Parameter parameter : parameters) parameter.value.mutable_grad().mul_(0.5);
  }
  void on_step(const mao::StepReport&, const mao::Batch& batch) { images += batch.size(); }
};
// [end]

}  // namespace

TEST_CASE("settings of a loss, steps by hand, and an observer of one's own", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(6)), other(clip, mao::testing::toy_classes(6));
  const mao::ShuffledSampler sampler(data.labels, coop.classes(), {.batch = 16});
  const auto with = [&](double share) {
    return mao::PromptTuner(coop, sampler, Smoothed{.options = {.share = share}}, mao::CosineSchedule({.epochs = 2}));
  };
  const mao::TunerState state = with(0.1).state();
  CHECK_THROWS_WITH(with(0.2).resume(state), ContainsSubstring("(regularizer.share: 0.1 there, 0.2 here)"));
  auto tuner = mao::plain(other, other.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}});
  std::ostringstream out;
  // [steps]
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const mao::Batch& batch : tuner.begin_epoch(images)) {
      const mao::StepReport step = tuner.step(batch);
      out << "step " << step.step + 1 << " of " << step.steps << ": loss " << step.loss << "\n";
    }
    const mao::EpochReport report = tuner.end_epoch();  // the three lines in one: tuner.epoch(images)
    out << report.stage << ": accuracy " << report.accuracy << " %\n";
  }
  tuner.finish();
  // [end]
  CHECK_THAT(out.str(), ContainsSubstring("step 3 of 3: loss ") && ContainsSubstring("plain: accuracy "));
  auto fitted = mao::plain(coop, coop.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}});
  fitted.fit(images);
  CHECK(other.parameters()[0].value.equal(coop.parameters()[0].value));
  mao::TensorImages held_out(data.pixels.narrow(0, 0, 16));
  const std::vector<std::int64_t> held_out_labels(data.labels.begin(), data.labels.begin() + 16);
  auto watched = mao::plain(coop, coop.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}});
  // [observers]
  mao::EarlyStopping validation(coop, coop.classes(), held_out, held_out_labels, {.patience = 3});
  mao::FitResult result = watched.fit(images, mao::Progress(out), validation);
  out << result.why << "\n";  // "all 2 epochs are done", or "no better accuracy on the validation images for 3 epochs"
  // [end]
  CHECK(result.epochs.size() == 2);
  CHECK(validation.accuracies().size() == 2);
  Halved halved;
  auto third = mao::plain(coop, coop.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}});
  third.fit(images, halved);
  CHECK(halved.images == 96);
}

TEST_CASE("the optimizer, schedule, loss and labeller of the guide train", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(6)), other(clip, mao::testing::toy_classes(6));
  const std::vector<std::int64_t> labels = data.labels;
  // [own_optimizer]
  auto tuner =
      mao::plain(coop, coop.classes(), labels,
                 {.batch = 16, .tuner = {.own_optimizer = Lion{}, .groups = {{.prefix = "prompt", .rate = 2}}}});
  // [end]
  CHECK(tuner.epoch(images).steps == 3);
  CHECK(tuner.state().optimizer.size() == 1);
  mao::PromptTuner smooth(coop, mao::ShuffledSampler(labels, coop.classes(), {.batch = 16}), LabelSmoothing{},
                          Restarts{.count = 4, .period = 2});
  CHECK(smooth.fit(images).epochs[2].learning_rate == Approx(0.0035));
  PriorCorrected<mao::ZeroShot<mao::testing::ToyModel>> labeler{
      .model = mao::ClassProbabilities(mao::ZeroShot(clip, other.classes())), .prior = std::vector<float>(6, 1.0F / 6)};
  static_assert(mao::PseudoLabeler<decltype(labeler)> && mao::KeepsState<decltype(labeler)>);
  auto fresh = mao::mao_new(other, images.size(), labeler, {.sampler = {.batch = 16}, .schedule = {.epochs = 2}});
  CHECK(fresh.fit(images) == mao::FitResult::Finished);
}

TEST_CASE("an observer validates after each epoch and may stop the training", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(6));
  const mao::TaskHalf held_out{mao::testing::toy_classes(6), nullptr, {}, &images, data.labels};
  auto tuner = mao::plain(coop, held_out.classes, data.labels, {.batch = 16, .schedule = {.epochs = 3}});
  std::stringstream out;
  // [observer]
  double best = 0;
  int without_gain = 0;
  mao::Observer observer;
  observer.on_epoch = [&](const mao::EpochReport& report) {
    const double accuracy = mao::test_on(coop, held_out).accuracy;  // does not change the backbone
    without_gain = accuracy > best ? 0 : without_gain + 1;
    best = std::max(best, accuracy);
    out << "epoch " << report.epoch + 1 << " of " << report.epochs << ": loss " << report.loss << ", held out "
        << accuracy << " %\n";
  };
  observer.should_stop = [&] { return without_gain == 5; };  // called before each step
  if (tuner.fit(images, observer) == mao::FitResult::Stopped) out << "stopped; `fit` would resume at the last epoch\n";
  // [end]
  CHECK(out.str().find("epoch 3 of 3: loss") != std::string::npos);
}

TEST_CASE("a curriculum and a sampler with a state train, a resumed one as if it had not stopped", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels), fewer(data.pixels.narrow(0, 0, 16));
  const auto made = [&](auto& coop, auto sampler) {
    return mao::PromptTuner(coop, sampler, mao::CrossEntropy{}, mao::CosineSchedule({.epochs = 4}));
  };
  mao::Coop coop(clip, mao::testing::toy_classes(6));
  std::vector<int> steps;
  mao::Observer observer;
  observer.on_epoch = [&](const mao::EpochReport& report) { steps.push_back(report.steps); };
  auto curriculum = made(coop, EasyFirst{data.labels, coop.classes(), {0, 8, 16, 24, 32, 40}, 6});
  CHECK_THROWS_WITH(curriculum.fit(fewer), ContainsSubstring("the sampler is for 48 images, the source has 16"));
  curriculum.fit(images, observer);
  CHECK(steps == std::vector<int>{1, 1, 8, 8});
  mao::Coop whole(clip, mao::testing::toy_classes(6)), first(clip, mao::testing::toy_classes(6));
  made(whole, InTurn{data.labels}).fit(images);
  mao::Observer stops;
  int asked = 0;
  stops.should_stop = [&] { return ++asked > 2; };
  auto stopped = made(first, InTurn{data.labels});
  CHECK(stopped.fit(images, stops) == mao::FitResult::Stopped);
  mao::Coop second(clip, mao::testing::toy_classes(6));
  auto resumed = made(second, InTurn{data.labels});
  resumed.resume(stopped.state());
  resumed.fit(images);
  CHECK(second.parameters()[0].value.equal(whole.parameters()[0].value));
}

TEST_CASE("the examples of the pages honour weights and follow a binding", "[docs]") {
  mao::Output output;
  output.logits = at::tensor({3.0F, 0.0F, 0.0F, 5.0F}).view({2, 2});
  output.candidates = mao::Candidates::all(2);
  const mao::Batch one{.images = {0}, .labels = {0}, .weights = {}},
      wrong{.images = {0, 1}, .labels = {0, 0}, .weights = {1, 0}};
  mao::Output first = output;
  first.logits = output.logits.narrow(0, 0, 1);
  CHECK(Hinge{}(output, wrong).item<double>() == Approx(Hinge{}(first, one).item<double>()));
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  Temperature<mao::testing::ToyModel> backbone{mao::testing::ToyModel::make()};
  mao::plain(backbone, mao::testing::toy_classes(6), data.labels, {.batch = 16, .schedule = {.epochs = 2}}).fit(images);
  const mao::ClassList others{{"elk", "newt"}};
  mao::ZeroShot<mao::testing::ToyModel> expected(backbone.model, others);
  const auto scale = backbone.factor.item<double>();
  CHECK(mao::predict_logits(backbone, others, images).allclose(mao::predict_logits(expected, others, images) * scale));
}

TEST_CASE("the smallest models of the concepts work", "[docs]") {
  // [toy_model]
  const auto model = mao::testing::ToyModel::make();
  mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(model, mao::testing::toy_classes(6));
  mao::plain(coop, coop.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}}).fit(images);
  // [end]
  mao::PromptTuner tuner(coop, OneByOne{{0, 0, 0}}, Hinge{}, Halving{});
  tuner.fit(images);
  CHECK(tuner.state().epochs_done == Halving{}.epochs());
  CHECK(ByLength{}({"cat"}, {"dog", "horse"})(0, 0) == 1);
  CHECK(AlwaysFirst{}.label({.pixels = data.pixels, .features = {}}).labels.size() == data.labels.size());
}
