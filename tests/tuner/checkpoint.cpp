// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/checkpoint.hpp>

#include <mao/io/safetensors.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensor_maps.hpp>
#include <support/temporary_folder.hpp>

#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;
using mao_test::check_equal;
using mao_test::TemporaryFolder;

namespace {

PromptInfo toy_prompt_info() {
  return {.method = "coop", .model = "0123456789abcdef", .classes = toy_classes(4), .settings = {{"context", 4}}};
}

TunerState random_state() {
  return {.epochs_done = 7,
          .parameters = {{"prompt_learner.ctx", normal_tensor({4, 8}, 1.0, Rng(1))}, {"scale", at::tensor({0.1F})}},
          .optimizer = {{"velocity.prompt_learner.ctx", normal_tensor({4, 8}, 1.0, Rng(2))}},
          .buffers = {{"bn.running_mean", normal_tensor({8}, 1.0, Rng(3))}}};
}

struct CheckpointedRun {
  std::shared_ptr<const ToyModel> model = ToyModel::make(8);
  ToyImages data{4, 6, 1};
  TensorImages images{data.pixels};
  Coop<ToyModel> coop{model, toy_classes(4)};
  Plain<Coop<ToyModel>> tuner =
      plain(coop, coop.classes(), data.labels, {.batch = 8, .schedule = {.epochs = 5, .learning_rate = 0.02}});

  FitResult fit(const std::filesystem::path& file, const Observer& observer = {}) {
    return fit_with_checkpoints(tuner, images, file, toy_prompt_info(), observer);
  }
  Tensor context() { return coop.parameters().front().value; }
};

}  // namespace

TEST_CASE("a state comes back bit for bit", "[checkpoint]") {
  const TemporaryFolder folder;
  const TunerState saved = random_state();
  save_checkpoint(folder / "a.safetensors", saved, toy_prompt_info());
  const TunerState loaded = load_checkpoint(folder / "a.safetensors", toy_prompt_info());
  CHECK(loaded.epochs_done == 7);
  check_equal(loaded.parameters, saved.parameters);
  check_equal(loaded.optimizer, saved.optimizer);
  check_equal(loaded.buffers, saved.buffers);
}

TEST_CASE("a checkpoint of another run is refused, and the message says what differs", "[checkpoint]") {
  const TemporaryFolder folder;
  save_checkpoint(folder / "a.safetensors", random_state(), toy_prompt_info());
  const auto check_refused = [&](auto&& change, const std::string& what) {
    PromptInfo other = toy_prompt_info();
    change(other);
    CHECK_THROWS_AS(load_checkpoint(folder / "a.safetensors", other), OptionError);
    CHECK_THROWS_WITH(load_checkpoint(folder / "a.safetensors", other),
                      ContainsSubstring("a.safetensors: its " + what));
  };
  check_refused([](PromptInfo& info) { info.method = "maple"; }, "method differs");
  check_refused([](PromptInfo& info) { info.model = "fedcba9876543210"; }, "model differs");
  check_refused([](PromptInfo& info) { info.classes.names.pop_back(); }, "class list differs");
  check_refused([](PromptInfo& info) { info.settings["context"] = 16; }, "settings differ");
}

TEST_CASE("a damaged count of epochs is a format error", "[checkpoint]") {
  const TemporaryFolder folder;
  for (const char* count : {"", "two", "3 epochs", "-1"}) {
    auto metadata = detail::metadata_of(toy_prompt_info(), "mao-checkpoint");
    metadata["epochs_done"] = count;
    write_safetensors(folder / "a.safetensors", {}, metadata);
    CHECK_THROWS_AS(load_checkpoint(folder / "a.safetensors", toy_prompt_info()), FormatError);
    CHECK_THROWS_WITH(load_checkpoint(folder / "a.safetensors", toy_prompt_info()), ContainsSubstring("epochs_done"));
  }
}

TEST_CASE("a run that is interrupted anywhere and continued ends as one that was not", "[checkpoint]") {
  const TemporaryFolder folder;
  CheckpointedRun whole;
  whole.tuner.fit(whole.images);
  for (const int steps : {0, 1, 3, 8, 14}) {  // of 15
    CAPTURE(steps);
    const auto file = folder / ("after_" + std::to_string(steps));
    CheckpointedRun first, second;
    int asked = 0, epochs = 0;
    Observer stopping;
    stopping.should_stop = [&] { return asked++ == steps; };
    CHECK(first.fit(file, stopping) == FitResult::Stopped);
    Observer counting;
    counting.on_epoch = [&](const EpochReport&) { ++epochs; };
    CHECK(second.fit(file, counting) == FitResult::Finished);
    CHECK(epochs == 5 - steps / 3);  // the observer's own callback is kept; whole epochs are not repeated
    CHECK(second.context().equal(whole.context()));
    CHECK_FALSE(first.context().equal(whole.context()));
  }
}
