// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/recipes.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/labelers.hpp>
#include <mao/clip/image_sources.hpp>
#include <mao/prompts/text_tower_similarity.hpp>
#include <mao/testing/toy_model.hpp>

#include <set>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

/// Six base classes and four new ones.
struct Task {
  std::shared_ptr<const ToyModel> model = ToyModel::make(21);
  ToyImages data{10, 8, 1};
  ClassList base = toy_classes(6), fresh{{"elk", "old_crow", "newt", "tiny frog"}};
  TensorImages base_images{data.pixels.narrow(0, 0, 48)}, fresh_images{data.pixels.narrow(0, 48, 32)};
  std::vector<std::int64_t> base_labels{data.labels.begin(), data.labels.begin() + 48};
  Coop<ToyModel> coop{model, base};

  Tensor context() { return coop.parameters().front().value.detach().clone(); }
  auto base_step(const MaoBaseOptions& options) {
    return mao_base(coop, base_labels, TextTowerSimilarity<ToyModel>(model), options);
  }
  auto new_step(const MaoNewOptions& options) {
    return mao_new(coop, fresh_images.size(), ZeroShotLabeler<ToyModel>(model, fresh), options);
  }
};

const MaoBaseOptions short_base{.sampler = {.batch = 2, .k = 2}, .schedule = {.epochs = 6, .learning_rate = 0.02}};
const MaoNewOptions short_new{.sampler = {.batch = 8}, .schedule = {.epochs = 6, .learning_rate = 0.02}};

/// What a step reports: the mean loss of each epoch, and each number of candidates that occurred.
struct Record {
  std::vector<double> losses;
  std::set<int> candidates;
  bool more_candidates_than_images = false;

  Observer observer() {
    Observer observer;
    observer.on_epoch = [this](const EpochReport& report) { losses.push_back(report.loss); };
    observer.on_step = [this](const StepReport& report) {
      candidates.insert(report.candidates);
      more_candidates_than_images = more_candidates_than_images || report.candidates > report.images;
    };
    return observer;
  }
};

}  // namespace

TEST_CASE("the defaults are the paper's", "[recipes]") {
  const PlainOptions plain_options;
  CHECK(plain_options.batch == 32);
  CHECK(plain_options.schedule.epochs == 20);
  CHECK(plain_options.schedule.learning_rate == 0.002);
  const MaoBaseOptions base;
  CHECK((base.sampler.batch == 4 && base.sampler.k == 8 && base.schedule.epochs == 10));
  CHECK(base.schedule.learning_rate == 0.0035);
  CHECK(base.columns == AlterableRegularizer::Columns::Distinct);
  const MaoNewOptions fresh;
  CHECK((fresh.sampler.batch == 32 && fresh.sampler.threshold == 0 && fresh.schedule.epochs == 10));
  CHECK(fresh.schedule.learning_rate == 0.0035);
}

TEST_CASE("the baseline learns, judged against every class", "[recipes]") {
  Task task;
  Record record;
  auto tuner = plain(task.coop, task.base_labels, {.batch = 16, .schedule = {.epochs = 8, .learning_rate = 0.02}});
  tuner.fit(task.base_images, record.observer());
  CHECK(record.losses.back() < record.losses.front());
  CHECK(record.candidates == std::set<int>{6});
}

TEST_CASE("the base step is judged against the classes of its batches, the new step against all new ones",
          "[recipes]") {
  Task task;
  Record base, fresh;
  auto first = task.base_step(short_base);
  first.fit(task.base_images, base.observer());
  CHECK(base.losses.back() < base.losses.front());
  CHECK_FALSE(base.more_candidates_than_images);
  CHECK(*base.candidates.begin() >= 3);  // an anchor's class and two negatives
  CHECK(base.candidates.size() > 1);
  task.coop.bind(task.fresh);
  auto second = task.new_step(short_new);
  second.fit(task.fresh_images, fresh.observer());
  CHECK(fresh.losses.back() < fresh.losses.front());
  CHECK(fresh.candidates == std::set<int>{4});
}

TEST_CASE("the new step binds the backbone to the labeller's classes, or to those that are given", "[recipes]") {
  Task task;
  auto tuner = task.new_step(short_new);  // nobody called bind
  CHECK(task.coop.classes() == task.fresh);
  CHECK(tuner.fit(task.fresh_images) == FitResult::Finished);
  CHECK_THROWS_WITH(mao_new(task.coop, task.base, 32, ZeroShotLabeler<ToyModel>(task.model, task.fresh), short_new),
                    ContainsSubstring("new step: the labeller is for 4 classes") && ContainsSubstring("expected 6"));
}

TEST_CASE("the new step goes on from the prompts of the base step, with a momentum of its own", "[recipes]") {
  Task task;
  const Tensor start = task.context();
  task.base_step(short_base).fit(task.base_images);
  const Tensor learned = task.context();
  CHECK_FALSE(learned.equal(start));
  task.coop.bind(task.fresh);
  auto second = task.new_step(short_new);
  const TunerState before = second.state();
  CHECK(before.parameters.at("prompt_learner.ctx").equal(learned));
  CHECK(before.optimizer.empty());
  CHECK(before.epochs_done == 0);
  second.fit(task.fresh_images);
  CHECK_FALSE(task.context().equal(learned));
}
