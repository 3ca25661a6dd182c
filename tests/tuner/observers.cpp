// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/observers.hpp>

#include <fstream>
#include <sstream>

#include <mao/backbones/upt.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/constant.hpp>
#include <mao/tuner/checkpoint.hpp>
#include <mao/tuner/prompt_tuner.hpp>

#include <support/catch.hpp>
#include <support/tensor_maps.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;
using mao_test::check_equal;
using mao_test::TemporaryFolder;

namespace {

using Method = Upt<ToyModel>;

struct ObservedRun {
  std::shared_ptr<const ToyModel> model = ToyModel::make(11);
  ToyImages data{6, 8, 1}, other{4, 6, 2};
  TensorImages images{data.pixels}, validation{other.pixels};
  Method backbone{model, toy_classes(6), {.dropout = 0.3}};
  PromptTuner<Method, ShuffledSampler, CrossEntropy, ConstantSchedule> tuner;

  explicit ObservedRun(int epochs = 3, double rate = 0.02)
      : tuner(backbone, ShuffledSampler(data.labels, toy_classes(6), {.batch = 16}), CrossEntropy{},
              ConstantSchedule({.epochs = epochs, .learning_rate = rate}), TunerOptions{.name = "toy"}) {}

  [[nodiscard]] TensorMap learned() {
    TensorMap all;
    for (const Parameter& parameter : backbone.parameters()) all[parameter.name] = parameter.value.detach().clone();
    return all;
  }
};

/// Writes down what it is told, in one text with others.
struct Diary {
  std::string name;
  std::string& text;
  void on_start(const StartReport& report) { text += name + " starts " + report.stage + "; "; }
  void on_gradients(const ParameterList& parameters, const StepReport&) {
    text += name + (parameters.front().value.grad().defined() ? " gradients; " : " none; ");
  }
  void on_step(const StepReport& report, const Batch& batch) {
    text += text_of(name, " step ", report.step, " of ", batch.images.size(), "; ");
  }
  void on_epoch(const EpochReport& report) { text += text_of(name, " epoch ", report.epoch, "; "); }
  void on_end(const FitResult& result) { text += name + " ends: " + result.why; }
};
struct Epochs {
  int count = 0;
  void on_epoch(const EpochReport&) { ++count; }
};

/// Uses the backbone between steps and within them as a careless user would.
struct Meddling {
  Method& backbone;
  ImageSource& images;
  void look() {
    static_cast<void>(predict_logits(backbone, toy_classes(4), images));
    const ImageBatch batch = images.load({{0, 1, false}, {1, 2, false}});
    static_cast<void>(backbone.forward(batch, Candidates::all(6)));  // with dropout, had it a graph
  }
  void on_start(const StartReport&) { look(); }
  void on_gradients(const ParameterList&, const StepReport&) { look(); }
  void on_step(const StepReport&) { look(); }
  void on_epoch(const EpochReport&) { look(); }
};

}  // namespace

TEST_CASE("observers are told in order, each what it has a member for", "[observers]") {
  ObservedRun run(1);
  std::string text;
  Diary first{"A", text};
  Epochs epochs;
  const FitResult result = run.tuner.fit(run.images, first, epochs, Observer{}, Diary{"B", text});
  CHECK(epochs.count == 1);
  CHECK_THAT(text, ContainsSubstring(
                       "A starts toy; B starts toy; A gradients; B gradients; A step 0 of 16; B step 0 of 16; "));
  CHECK_THAT(text, ContainsSubstring("A step 2 of 16; B step 2 of 16; A epoch 0; B epoch 0; A ends: all 1 epochs are "
                                     "doneB ends: "));
  CHECK(result == FitResult::Finished);
  CHECK(result.stage == "toy");
  CHECK(result.why == "all 1 epochs are done");
}

TEST_CASE("what an observer computes cannot disturb the training", "[observers]") {
  ObservedRun alone, watched;
  alone.tuner.fit(alone.images);
  EarlyStopping<Method> validation(watched.backbone, toy_classes(4), watched.validation, watched.other.labels,
                                   {.patience = 100});
  std::vector<Tensor> last;
  Meddling meddling{watched.backbone, watched.validation};
  struct Keep {
    ObservedRun& run;
    TensorMap last{};
    void on_epoch(const EpochReport&) { last = run.learned(); }
  } keep{watched};
  watched.tuner.fit(watched.images, meddling, validation, keep);
  check_equal(keep.last, alone.learned());
  CHECK(validation.accuracies().size() == 3);
}

TEST_CASE("an observer may change gradients before the update", "[observers]") {
  ObservedRun run(1);
  const TensorMap before = run.learned();
  struct Zeros {
    void on_gradients(const ParameterList& parameters, const StepReport&) {
      for (Parameter parameter : parameters) {
        if (parameter.name != "prompt_learner.uni_ctx") parameter.value.mutable_grad() = Tensor();
      }
    }
  };
  run.tuner.fit(run.images, Zeros{});
  for (const auto& [name, value] : run.learned()) {
    CAPTURE(name);
    CHECK(value.equal(before.at(name)) == (name != "prompt_learner.uni_ctx"));
  }
}

TEST_CASE("early stopping ends a training that no longer helps, with what was best", "[observers]") {
  ObservedRun run(40, 0.05);
  std::vector<std::int64_t> labels = run.other.labels;
  std::rotate(labels.begin(), labels.begin() + 5, labels.end());  // nothing that could be learned
  EarlyStopping<Method> validation(run.backbone, toy_classes(4), run.validation, labels, {.patience = 2});
  struct Keep {
    ObservedRun& run;
    std::vector<TensorMap> all{};
    void on_epoch(const EpochReport&) { all.push_back(run.learned()); }
  } keep{run};
  const FitResult result = run.tuner.fit(run.images, keep, validation);
  CHECK(result == FitResult::Finished);
  CHECK_THAT(result.why, ContainsSubstring("no better accuracy on the validation images for 2 epochs"));
  REQUIRE(result.epochs.size() < 40);
  CHECK(result.epochs.size() == static_cast<std::size_t>(validation.best_epoch()) + 3);
  const auto& accuracies = validation.accuracies();
  CHECK(*std::max_element(accuracies.begin(), accuracies.end()) ==
        accuracies[static_cast<std::size_t>(validation.best_epoch())]);
  check_equal(run.learned(), keep.all[static_cast<std::size_t>(validation.best_epoch())]);
  CHECK_THROWS_WITH(run.tuner.fit(run.images), ContainsSubstring("has finished"));
}

TEST_CASE("early stopping refuses what it cannot judge", "[observers]") {
  ObservedRun run, resumed;
  run.tuner.epoch(run.images);
  EarlyStopping<Method> late(run.backbone, toy_classes(4), run.validation, run.other.labels);
  CHECK_THROWS_WITH(run.tuner.fit(run.images, late), ContainsSubstring("1 epochs are done, of which it has seen 0"));
  using Early = EarlyStopping<Method>;
  CHECK_THROWS_WITH(Early(run.backbone, toy_classes(4), run.validation, {0, 1}),
                    ContainsSubstring("2 labels for 24 images"));
  CHECK_THROWS_WITH(Early(run.backbone, toy_classes(4), run.validation, run.other.labels, {.patience = 0}),
                    ContainsSubstring("patience = 0"));
}

TEST_CASE("a time limit stops a training, which can be continued", "[observers]") {
  ObservedRun whole, run;
  whole.tuner.fit(whole.images);
  double now = 100;
  TimeLimit limit(60, [&] { return now += 15; });  // each look at the clock costs a quarter of a minute
  const FitResult stopped = run.tuner.fit(run.images, limit);
  CHECK(stopped == FitResult::Stopped);
  CHECK(stopped.why == "the time limit of 60 s is over");
  CHECK(stopped.epochs.size() == 1);
  const FitResult finished = run.tuner.fit(run.images);
  CHECK(finished == FitResult::Finished);
  CHECK(finished.epochs.size() == 3);
  check_equal(run.learned(), whole.learned());
  CHECK_THROWS_WITH(TimeLimit(0), ContainsSubstring("0 seconds"));
}

TEST_CASE("progress and its file have a line for each epoch", "[observers]") {
  const TemporaryFolder folder;
  ObservedRun run;
  std::ostringstream out;
  run.tuner.fit(run.images, Progress(out), CsvLog(folder / "log.csv"));
  CHECK_THAT(out.str(), ContainsSubstring("toy: epoch 1 of 3, loss ") &&
                            ContainsSubstring("toy: epoch 3 of 3, loss ") &&
                            ContainsSubstring("toy: finished, all 3 epochs are done\n"));
  ObservedRun again(1);
  again.tuner.fit(again.images, CsvLog(folder / "log.csv"));
  std::ifstream in(folder / "log.csv");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "stage,epoch,loss,accuracy,learning_rate,steps,skipped,seconds");
  CHECK(lines[3].starts_with("\"toy\",2,"));
  CHECK(lines[4].starts_with("\"toy\",0,"));
  CHECK_THROWS_AS(CsvLog(folder / "no" / "log.csv"), FileError);
}

TEST_CASE("the length of every update's gradient is kept", "[observers]") {
  ObservedRun run(2);
  GradientNorm norms;
  run.tuner.fit(run.images, norms);
  CHECK(norms.norms().size() == 6);
  for (const double norm : norms.norms()) CHECK(norm > 0);
}

TEST_CASE("observers and checkpoints go together, and a state is that of its model", "[observers]") {
  const TemporaryFolder folder;
  const auto file = folder / "a.safetensors";
  ObservedRun whole, first, second;
  whole.tuner.fit(whole.images);
  struct StopAfter {
    int epochs;
    void on_epoch(const EpochReport&) { --epochs; }
    [[nodiscard]] bool should_stop() const { return epochs == 0; }
  };
  Epochs seen;
  CHECK(fit_with_checkpoints(first.tuner, first.images, file, {}, StopAfter{2}) == FitResult::Stopped);
  CHECK(fit_with_checkpoints(second.tuner, second.images, file, {}, seen) == FitResult::Finished);
  CHECK(seen.count == 1);
  check_equal(second.learned(), whole.learned());

  struct Fence {
    bool* lost;
    void on_epoch(const EpochReport&) {}
    void before_save() const {
      if (*lost) throw FileError("taken over");
    }
  };
  bool lost = false;
  int asked = 0;
  Observer counting;
  counting.before_save = [&] { lost = ++asked == 2; };
  ObservedRun third;
  CHECK_THROWS_WITH(
      fit_with_checkpoints(third.tuner, third.images, folder / "b.safetensors", {}, counting, Observer{}, Fence{&lost}),
      ContainsSubstring("taken over"));
  CHECK(asked == 2);
  CHECK(load_checkpoint(folder / "b.safetensors", {}).epochs_done == 1);

  Method elsewhere(ToyModel::make(12), toy_classes(6), {.dropout = 0.3});
  PromptTuner other(elsewhere, ShuffledSampler(second.data.labels, toy_classes(6), {.batch = 16}), CrossEntropy{},
                    ConstantSchedule({.epochs = 3, .learning_rate = 0.02}), TunerOptions{.name = "toy"});
  CHECK_THROWS_WITH(fit_with_checkpoints(other, second.images, file, {}),
                    ContainsSubstring("method.model: " + second.model->fingerprint() + " there, " +
                                      ToyModel::make(12)->fingerprint() + " here"));
}
