// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/recipes.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

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
    return mao_base(coop, base, base_labels, TextTowerSimilarity<ToyModel>(model), options);
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
  auto tuner =
      plain(task.coop, task.base, task.base_labels, {.batch = 16, .schedule = {.epochs = 8, .learning_rate = 0.02}});
  tuner.fit(task.base_images, record.observer());
  CHECK(record.losses.back() < record.losses.front());
  CHECK(record.candidates == std::set<int>{6});
}

TEST_CASE("the base stage is judged against the classes of its batches, the new stage against all new ones",
          "[recipes]") {
  Task task;
  Record base, fresh;
  auto first = task.base_step(short_base);
  first.fit(task.base_images, base.observer());
  CHECK(base.losses.back() < base.losses.front());
  CHECK_FALSE(base.more_candidates_than_images);
  CHECK(*base.candidates.begin() >= 3);  // an anchor's class and two negatives
  CHECK(base.candidates.size() > 1);
  auto second = task.new_step(short_new);
  second.fit(task.fresh_images, fresh.observer());
  CHECK(fresh.losses.back() < fresh.losses.front());
  CHECK(fresh.candidates == std::set<int>{4});
}

TEST_CASE("a recipe binds the backbone to the classes that its labels are of", "[recipes]") {
  Task task, other;
  const ClassList six{{"elk", "old_crow", "newt", "tiny frog", "eel", "yak"}};
  const PlainOptions options{.batch = 16, .schedule = {.epochs = 2, .learning_rate = 0.02}};
  plain(task.coop, task.base, task.base_labels, options).fit(task.base_images);
  other.coop.bind(six);  // as many classes, and nobody binds it back
  plain(other.coop, task.base, task.base_labels, options).fit(task.base_images);
  CHECK(other.coop.classes() == task.base);
  CHECK(other.context().equal(task.context()));
  other.coop.bind(six);
  auto base_step = other.base_step(short_base);
  CHECK(other.coop.classes() == task.base);
  other.coop.bind(six);
  CHECK_THROWS_WITH(base_step.fit(other.base_images), ContainsSubstring("the backbone is bound to 6 classes ('elk'"));
}

TEST_CASE("a recipe refuses labels and names that mean nothing, and leaves the binding", "[recipes]") {
  Task task;
  CHECK_THROWS_WITH(plain(task.coop, task.fresh, task.base_labels),
                    ContainsSubstring("expected 0 to 3, a position in"));
  CHECK_THROWS_WITH(plain(task.coop, {{"cat", "dog", " CAT"}}, {0, 1, 2}),
                    ContainsSubstring("plain: classes 0 and 2, 'cat' and ' CAT', are both 'cat'"));
  CHECK_THROWS_WITH(plain(task.coop, {{"cat", ""}}, {0, 1}), ContainsSubstring("class 1 has an empty name"));
  CHECK_THROWS_WITH(plain(task.coop, {}, {0, 1}), ContainsSubstring("the class list is empty"));
  CHECK(task.coop.classes() == task.base);
}

TEST_CASE("a labeller that does not say whose labels it gives needs a class list", "[recipes]") {
  struct Silent {
    ClassList none;
    PseudoLabels label(const ImageBatch& images) {
      return {.labels = std::vector<std::int64_t>(static_cast<std::size_t>(images.size()), 0), .confidence = {}};
    }
    [[nodiscard]] const ClassList& classes() const { return none; }
  };
  Task task;
  CHECK_THROWS_WITH(mao_new(task.coop, 32, Silent{}, short_new),
                    ContainsSubstring("new stage: the labeller's `classes()`"));
  auto tuner = mao_new(task.coop, task.fresh, 32, Silent{}, short_new);
  CHECK(task.coop.classes() == task.fresh);
  task.coop.bind({{"a", "b", "c", "d"}});  // the sampler knows whose labels they are
  CHECK_THROWS_WITH(tuner.fit(task.fresh_images), ContainsSubstring("expected 4 classes ('elk'"));
}

TEST_CASE("a sampler is given the images that its labels are of", "[recipes]") {
  Task task;
  auto fewer = plain(task.coop, task.base, {task.base_labels.begin(), task.base_labels.begin() + 24});
  CHECK_THROWS_WITH(fewer.fit(task.base_images),
                    ContainsSubstring("plain: the sampler is for 24 images, the source has 48"));
  auto step = task.base_step(short_base);
  CHECK_THROWS_WITH(step.fit(task.fresh_images), ContainsSubstring("for 48 images, the source has 32"));
  auto fresh = mao_new(task.coop, 16, ZeroShotLabeler<ToyModel>(task.model, task.fresh), short_new);
  CHECK_THROWS_WITH(fresh.fit(task.fresh_images), ContainsSubstring("for 16 images, the source has 32"));
}

TEST_CASE("the new stage binds the backbone to the labeller's classes, or to those that are given", "[recipes]") {
  Task task;
  auto tuner = task.new_step(short_new);  // nobody called bind
  CHECK(task.coop.classes() == task.fresh);
  CHECK(tuner.fit(task.fresh_images) == FitResult::Finished);
  CHECK_THROWS_WITH(mao_new(task.coop, task.base, 32, ZeroShotLabeler<ToyModel>(task.model, task.fresh), short_new),
                    ContainsSubstring("new stage: the labeller is for 4 classes") && ContainsSubstring("expected 6"));
}

TEST_CASE("the new stage goes on from the prompts of the base stage, with a momentum of its own", "[recipes]") {
  Task task;
  const Tensor start = task.context();
  task.base_step(short_base).fit(task.base_images);
  const Tensor learned = task.context();
  CHECK_FALSE(learned.equal(start));
  auto second = task.new_step(short_new);
  const TunerState before = second.state();
  CHECK(before.parameters.at("prompt_learner.ctx").equal(learned));
  CHECK(before.optimizer.empty());
  CHECK(before.epochs_done == 0);
  second.fit(task.fresh_images);
  CHECK_FALSE(task.context().equal(learned));
}
