// SPDX-License-Identifier: Apache-2.0
// Several workers end where one ends, whatever the method.
#include <mao/parallel/workers.hpp>
#include <mao/backbones/adapt.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/coprompt.hpp>
#include <mao/backbones/dept.hpp>
#include <mao/backbones/kgcoop.hpp>
#include <mao/backbones/proda.hpp>
#include <mao/backbones/prograd.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/backbones/upt.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/recipes.hpp>

#include "methods/any_backbone.hpp"

#include <support/catch.hpp>
#include <support/tensors.hpp>
#include <support/thread_workers.hpp>

using namespace mao;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;
using mao_test::in_threads;

namespace {

/// What a run tells and what it learned.
struct Outcome {
  TensorMap start, learned;
  std::vector<EpochReport> epochs;
};

using Pool = std::shared_ptr<Workers>;

/// Trains a backbone with the tuner that `tuner_of(backbone, labels)` makes.
template <class TunerOf>
Outcome trained(AnyBackbone backbone, TunerOf&& tuner_of) {
  const ToyImages data(6, 4, 1);
  TensorImages images(data.pixels);
  Outcome outcome;
  for (const Parameter& learned : backbone.parameters()) outcome.start[learned.name] = learned.value.detach().clone();
  Observer observer;
  observer.on_epoch = [&](const EpochReport& report) { outcome.epochs.push_back(report); };
  auto tuner = tuner_of(backbone, data.labels);
  tuner.fit(images, observer);
  for (const Parameter& learned : backbone.parameters()) outcome.learned[learned.name] = learned.value.detach().clone();
  return outcome;
}

/// Every worker ends with the same bits, and as one that works alone.
template <class RunT>
void check_as_alone(const std::string& name, int count, RunT&& run) {
  INFO(name << ", " << count << " workers");
  const Outcome alone = run(Pool());
  const std::vector<Outcome> together = in_threads(count, run);
  for (const auto& [tensor, expected] : alone.learned) {
    INFO(tensor);
    CHECK(relative_difference(together[0].learned.at(tensor), expected) < 1e-5);
    for (const Outcome& other : together) CHECK(other.learned.at(tensor).equal(together[0].learned.at(tensor)));
    if (expected.equal(alone.start.at(tensor))) continue;
    const Tensor moved = expected.sub(alone.start.at(tensor));
    CHECK(relative_difference(together[0].learned.at(tensor).sub(alone.start.at(tensor)), moved) < 5e-3);
  }
  for (std::size_t i = 0; i < alone.epochs.size(); ++i) {
    CHECK(together[0].epochs[i].loss == Approx(alone.epochs[i].loss).epsilon(1e-4));
    CHECK(together[0].epochs[i].accuracy == Approx(alone.epochs[i].accuracy).margin(1e-9));
    CHECK(together[0].epochs[i].steps == alone.epochs[i].steps);
    CHECK(together[0].epochs[i].skipped == alone.epochs[i].skipped);
  }
}

CosineOptions fast(int epochs) { return {.epochs = epochs, .learning_rate = 0.02, .warmup_epochs = 0}; }

/// Three steps of 7 images, in parts of different sizes.
auto plainly(const Pool& workers, bool augment = false) {
  return [=](AnyBackbone& backbone, const std::vector<std::int64_t>& labels) {
    return plain(backbone, backbone.classes(), labels,
                 {.batch = 7, .schedule = fast(1), .tuner = {.augment = augment, .workers = workers}});
  };
}

Eigen::MatrixXf by_length(const std::vector<std::string>& queries, const std::vector<std::string>& names) {
  Eigen::MatrixXf table(static_cast<Eigen::Index>(queries.size()), static_cast<Eigen::Index>(names.size()));
  for (Eigen::Index q = 0; q < table.rows(); ++q) {
    for (Eigen::Index c = 0; c < table.cols(); ++c) {
      const auto a = queries[static_cast<std::size_t>(q)].size(), b = names[static_cast<std::size_t>(c)].size();
      table(q, c) = 1.0F / (1.0F + static_cast<float>(a > b ? a - b : b - a));
    }
  }
  return table;
}

/// The frozen model's labels, of which some do not count.
struct Picky {
  ZeroShotLabeler<ToyModel> model{ToyModel::make(), toy_classes(6)};
  PseudoLabels label(const ImageBatch& images) {
    PseudoLabels found = model.label(images);
    for (std::size_t i = 0; i < found.labels.size(); ++i) {
      if (found.labels[i] % 3 == 0) found.confidence[i] = 0;
    }
    return found;
  }
};

/// ProGrad that does not start at its teacher's prompt: there the teacher's gradient is rounding alone, and its
/// direction would decide the step.
ProGradOptions elsewhere(double lambda) {
  ProGradOptions options;
  options.init = "";
  options.context = 4;
  options.lambda = lambda;
  return options;
}

template <class BackboneT, class... Args>
AnyBackbone any(Args&&... args) {
  return AnyBackbone(BackboneT(ToyModel::make(), toy_classes(6), std::forward<Args>(args)...));
}

}  // namespace

TEST_CASE("several workers end where one ends: methods that look at one image at a time", "[workers]") {
  const auto check = [](const std::string& name, auto make) {
    check_as_alone(name, 2, [make](const Pool& workers) { return trained(make(), plainly(workers)); });
  };
  check("CoOp", [] { return any<Coop<ToyModel>>(); });
  check("KgCoOp", [] { return any<KgCoop<ToyModel>>(); });
  check("ProGrad", [] { return any<ProGrad<ToyModel>>(elsewhere(1)); });
  const auto aligned = [](double lambda) {
    return trained(any<ProGrad<ToyModel>>(elsewhere(lambda)), plainly(nullptr)).learned.begin()->second;
  };
  CHECK_FALSE(aligned(1).equal(aligned(0)));  // there was something to align
  check("ProDA", [] { return any<ProDa<ToyModel>>(ProDaOptions{.prompts = 4, .context = 4, .step_prompts = 2}); });
  check("DePT", [] { return AnyBackbone(Dept<Coop<ToyModel>>(Coop<ToyModel>(ToyModel::make(), toy_classes(6)))); });
}

TEST_CASE("several workers end where one ends: methods with prompts in both towers", "[workers]") {
  PromptSrcOptions source;
  source.text_depth = source.vision_depth = 2;
  source.templates = {"a photo of a {}."};
  check_as_alone("PromptSRC", 3,
                 [&](const Pool& workers) { return trained(any<PromptSrc<ToyModel>>(source), plainly(workers)); });
  check_as_alone("UPT", 2, [](const Pool& workers) { return trained(any<Upt<ToyModel>>(), plainly(workers)); });
  CoPromptOptions consistent;
  consistent.depth = 2;
  check_as_alone("CoPrompt", 2,
                 [&](const Pool& workers) { return trained(any<CoPrompt<ToyModel>>(consistent), plainly(workers)); });
}

TEST_CASE("several workers end where one ends: both steps of MAO, and fewer images than workers", "[workers]") {
  check_as_alone("base stage", 2, [](const Pool& workers) {
    return trained(any<Coop<ToyModel>>(), [&](AnyBackbone& backbone, const std::vector<std::int64_t>& labels) {
      return mao_base(backbone, backbone.classes(), labels, by_length,
                      {.sampler = {.batch = 3, .k = 3}, .schedule = fast(1), .tuner = {.workers = workers}});
    });
  });
  check_as_alone("new stage", 3, [](const Pool& workers) {
    return trained(any<ProGrad<ToyModel>>(elsewhere(1)),
                   [&](AnyBackbone& backbone, const std::vector<std::int64_t>& labels) {
                     return mao_new(backbone, backbone.classes(), std::ssize(labels), Picky{},
                                    {.sampler = {.batch = 8}, .schedule = fast(1), .tuner = {.workers = workers}});
                   });
  });
  check_as_alone("2 images, 3 workers", 3, [](const Pool& workers) {
    return trained(any<Upt<ToyModel>>(), [&](AnyBackbone& backbone, const std::vector<std::int64_t>& labels) {
      return mao_new(backbone, backbone.classes(), std::ssize(labels), Picky{},
                     {.sampler = {.batch = 2}, .schedule = fast(1), .tuner = {.workers = workers}});
    });
  });
}

TEST_CASE("what workers cannot share is refused", "[workers]") {
  const auto message = [](AnyBackbone backbone, AlterableRegularizer::Columns columns) {
    const std::vector<std::string> messages = in_threads(2, [=](const Pool& workers) -> std::string {
      try {
        trained(backbone, [&](AnyBackbone& held, const std::vector<std::int64_t>& labels) {
          return mao_base(held, held.classes(), labels, by_length,
                          {.sampler = {.batch = 3, .k = 3},
                           .columns = columns,
                           .tuner = {.name = "base stage", .workers = workers}});
        });
      } catch (const OptionError& error) {
        return error.what();
      }
      return "";
    });
    CHECK(messages[0] == messages[1]);
    return messages[0];
  };
  const auto distinct = AlterableRegularizer::Columns::Distinct, per_image = AlterableRegularizer::Columns::PerImage;
  CHECK_THAT(message(any<Adapt<ToyModel>>(AdaptOptions{.tokens = 2, .target = 4}), distinct),
             ContainsSubstring("base stage: this method") && ContainsSubstring("2 processes cannot share a batch"));
  CHECK_THAT(message(any<Coop<ToyModel>>(), per_image), ContainsSubstring("this loss compares the images"));
}

TEST_CASE("one worker that is asked to stop stops all; others that start elsewhere are noticed", "[workers]") {
  const auto results = in_threads(2, [](const Pool& workers) {
    const ToyImages data(6, 4, 1);
    TensorImages images(data.pixels);
    AnyBackbone backbone = any<Coop<ToyModel>>();
    Observer observer;
    int steps = 0;
    observer.on_step = [&](const StepReport&) { ++steps; };
    observer.should_stop = [&] { return workers->rank() == 1 && steps == 2; };
    const auto result = plainly(workers)(backbone, data.labels).fit(images, observer);
    return std::pair(result, steps);
  });
  for (const auto& [result, steps] : results) {
    CHECK(result == FitResult::Stopped);
    CHECK(steps == 2);
  }
  const auto noticed = in_threads(2, [](const Pool& workers) -> std::string {
    try {
      expect_agreement(workers.get(), workers->rank() == 0 ? 3 : 2, "the number of epochs");
    } catch (const OptionError& error) {
      return error.what();
    }
    return "";
  });
  for (const std::string& error : noticed)
    CHECK_THAT(error, ContainsSubstring("the number of epochs is 3 in process 0"));
  CHECK(is_first(nullptr));
  CHECK(sums_over(nullptr, {2.5})[0] == 2.5);
}
