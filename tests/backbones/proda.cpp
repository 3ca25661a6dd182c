// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/proda.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyProDa = ProDa<ToyModel>;

const ProDaOptions small_proda{.prompts = 8, .context = 3, .step_prompts = 4};

ToyProDa toy_proda(const ProDaOptions& options = small_proda) { return ToyProDa(ToyModel::make(), toy_classes(6), options); }

/// Unit features of one prompt, laid out by hand.
Tensor features_of(ToyProDa& proda, std::int64_t k, const Candidates& candidates) {
  const ContextPrompt<ToyModel> layout(proda.model(), proda.classes(), ContextPhrase::placeholders(3),
                                       proda.position(k));
  const Tensor context = proda.parameters().front().value.detach()[k];
  return unit_rows(proda.model().encode_text(layout.assemble(context, candidates)));
}

}  // namespace

static_assert(ClassFeatures<ToyProDa> && LabelledLogits<ToyProDa> && FrozenImageTower<ToyProDa>);
static_assert(HasBuffers<ToyProDa> && !NeedsAllClasses<ToyProDa>);

TEST_CASE("ProDA keeps the promises of a backbone", "[proda]") {
  mao_test::check_backbone([] { return toy_proda(); });
}

TEST_CASE("ProDA trains 262,144 numbers for ViT-B/16", "[proda]") {
  const ProDaOptions paper;
  CHECK(paper.prompts * paper.context * 512 == 262144);
  CHECK(mao_test::count(toy_proda().parameters()) == 8 * 3 * 64);
}

TEST_CASE("ProDA puts the class name in front, in the middle and at the end", "[proda]") {
  const ToyProDa proda = toy_proda();
  std::vector<std::string_view> places;
  for (std::int64_t k = 0; k < 8; ++k) places.push_back(name_of(proda.position(k)));
  CHECK(places == std::vector<std::string_view>{"front", "front", "middle", "middle", "end", "end", "end", "end"});
}

TEST_CASE("ProDA takes every prompt once before any comes again, in an order of its own", "[proda]") {
  const ToyProDa proda = toy_proda();
  std::vector<std::vector<std::int64_t>> rounds;
  for (std::int64_t round = 0; round < 4; ++round) {
    std::vector<std::int64_t> seen = proda.prompts_of_step(2 * round);
    for (const std::int64_t k : proda.prompts_of_step(2 * round + 1)) seen.push_back(k);
    rounds.push_back(seen);
    std::sort(seen.begin(), seen.end());
    CHECK(seen == Candidates::all(8).ids);
  }
  CHECK(rounds[0] != rounds[1]);
}

TEST_CASE("ProDA tests with the mean over all prompts and trains on those of the step", "[proda]") {
  ToyProDa proda = toy_proda();
  const Candidates some{{4, 1}};
  const at::NoGradGuard frozen;
  Tensor sum = at::zeros({2, 16});
  for (std::int64_t k = 0; k < 8; ++k) sum = sum + features_of(proda, k, some);
  CHECK(largest_difference(proda.encode_text(some), sum * 0.125) < 1e-6);
  ProDaOptions unit = small_proda;
  unit.unit_mean = true;
  CHECK(largest_difference(toy_proda(unit).encode_text(some), unit_rows(sum)) < 1e-6);
  Tensor of_step = at::zeros({2, 16});
  for (const std::int64_t k : proda.prompts_of_step(0)) of_step = of_step + features_of(proda, k, some);
  const c10::AutoGradMode training(true);
  const Output output = proda.forward(mao_test::toy_batch(), some);
  CHECK(largest_difference(output.text, of_step * 0.25) < 1e-6);
  CHECK(proda.buffers().at("prompt_learner.steps").item<std::int64_t>() == 1);
}

TEST_CASE("ProDA's training logits are the formula", "[proda]") {
  ToyProDa proda = toy_proda();
  const Candidates all = Candidates::all(6);
  const std::vector<std::int64_t> chosen = proda.prompts_of_step(0);
  const Output output = proda.forward(mao_test::toy_batch(), all);
  const Tensor logits = proda.task_logits(output, mao_test::toy_labels).detach();
  const at::NoGradGuard frozen;
  std::vector<Tensor> features;
  Tensor mean = at::zeros({6, 16});
  for (const std::int64_t k : chosen) mean = mean + (features.emplace_back(features_of(proda, k, all))) * 0.25;
  for (std::int64_t b = 0; b < 6; ++b) {
    const std::int64_t label = mao_test::toy_labels.labels[static_cast<std::size_t>(b)];
    for (std::int64_t j = 0; j < 6; ++j) {
      double sigma = 0;
      for (const Tensor& feature : features) {
        const Tensor lead = (feature[label] - mean[label]) - (feature[j] - mean[j]);
        sigma += (output.image[b].square() * lead.square()).sum().item<double>() / 5;
      }
      const double cosine = (output.image[b] * mean[j]).sum().item<double>();
      CHECK(logits[b][j].item<double>() == Approx(20 * cosine + 200 * sigma).margin(1e-4));
    }
  }
}

TEST_CASE("ProDA's own loss is the mean cosine of its prompts without a class name", "[proda]") {
  ToyProDa proda = toy_proda();
  const Output output = proda.forward(mao_test::toy_batch(), Candidates::all(6));
  const double loss = proda.auxiliary_loss(output, mao_test::toy_labels).item<double>();
  const at::NoGradGuard frozen;
  const Tensor contexts = proda.parameters().front().value.detach();
  std::vector<Tensor> features;
  for (const std::int64_t k : proda.prompts_of_step(0)) {
    features.push_back(unit_rows(proda.model().encode_text(nameless_prompts(proda.model(), contexts[k].unsqueeze(0)))));
  }
  double sum = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::size_t l = 0; l < 4; ++l) {
      if (k != l) sum += std::abs((features[k] * features[l]).sum().item<double>());
    }
  }
  CHECK(loss == Approx(0.1 * sum / 12).epsilon(1e-4));
  ProDaOptions single = small_proda;
  single.step_prompts = 1;
  ToyProDa alone = toy_proda(single);
  CHECK_FALSE(alone.auxiliary_loss(alone.forward(mao_test::toy_batch(), Candidates::all(6)), {}).defined());
}

TEST_CASE("ProDA learns, and goes on with the prompts that are next after a resume", "[proda]") {
  const mao::testing::ToyImages data(6, 8, 1);
  TensorImages images(data.pixels);
  const auto options = [](int epochs) {
    return PlainOptions{.batch = 16, .schedule = {.epochs = epochs, .learning_rate = 0.02}};
  };
  ToyProDa whole = toy_proda(), first = toy_proda(), second = toy_proda();
  std::vector<double> losses;
  Observer observer;
  observer.on_epoch = [&](const EpochReport& report) { losses.push_back(report.loss); };
  plain(whole, whole.classes(), data.labels, options(8)).fit(images, observer);
  CHECK(losses.back() < losses.front());
  auto stopped = plain(first, first.classes(), data.labels, options(8));
  Observer stop;
  int done = 0;
  stop.on_epoch = [&](const EpochReport&) { ++done; };
  stop.should_stop = [&] { return done == 3; };
  stopped.fit(images, stop);
  auto resumed = plain(second, second.classes(), data.labels, options(8));
  resumed.resume(stopped.state());
  resumed.fit(images);
  CHECK(second.parameters().front().value.equal(whole.parameters().front().value));
}

TEST_CASE("ProDA refuses settings and batches that do not fit", "[proda]") {
  CHECK_THROWS_WITH(toy_proda({.prompts = 8, .context = 0}), ContainsSubstring("context of 0"));
  CHECK_THROWS_WITH(toy_proda({.prompts = 6, .context = 3, .step_prompts = 4}), ContainsSubstring("6 prompts, 4 a step"));
  CHECK_THROWS_WITH(toy_proda({.prompts = 8, .context = 3, .orthogonality = -1}), ContainsSubstring("orthogonality = -1"));
  ToyProDa proda = toy_proda();
  const Output output = proda.forward(mao_test::toy_batch(), Candidates{{0, 1}});
  CHECK_THROWS_WITH(proda.task_logits(output, mao_test::toy_labels), ContainsSubstring("class 2 is not among the 2"));
  CHECK_THROWS_WITH(proda.task_logits(output, {.images = {0, 1}, .labels = {}, .weights = {}}),
                    ContainsSubstring("0 labels for 2 images"));
}
