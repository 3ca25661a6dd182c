// SPDX-License-Identifier: Apache-2.0
// Methods that put learned tensors in every place there is, on the strict device: they must mix no devices and give the
// CPU's numbers.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randn.h>

#include <mao/backbones/cocoop.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/core/device.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/kernels/cuda/launch.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/any_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/models/on_device.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/core/detail/ops.hpp>

#include "methods/any_backbone.hpp"

#include <support/catch.hpp>

using namespace mao;

namespace {

using Model = std::shared_ptr<const AnyModel>;
const ClassList base{{"cat", "big dog", "red fox bird", "cow"}}, fresh{{"eel", "small newt", "ant"}};

AnyBackbone made(const std::string& name, const Model& model) {
  if (name == "coop") return AnyBackbone(Coop<AnyModel>(model, base));
  if (name == "coop, random start") return AnyBackbone(Coop<AnyModel>(model, base, {.init = ""}));
  if (name == "cocoop") return AnyBackbone(CoCoop<AnyModel>(model, base));
  PromptSrcOptions options;
  options.text_depth = options.vision_depth = 3;
  return AnyBackbone(PromptSrc<AnyModel>(model, base, options));
}

/// A plain step and MAO's new stage, the first saved and gone on with.
std::vector<Tensor> results_of(const std::string& name, const c10::Device& device) {
  const Model model = std::make_shared<const AnyModel>(cuda::OnDevice<testing::ToyModel>(
      testing::ToyModel(cuda::moved(testing::ToyModel(1).weights(), device)), device));
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{3});
  TensorImages images(at::randn({8, 3, 8, 8}, generator, at::TensorOptions(at::kFloat)));
  AnyBackbone backbone = made(name, model);
  cuda::move_parameters(backbone.parameters(), device);
  const PlainOptions options{.batch = 4, .schedule = {.epochs = 2, .learning_rate = 0.01}};
  auto first = plain(backbone, base, {0, 1, 2, 3, 0, 1, 2, 3}, options);
  int epochs = 0;
  Observer observer;
  observer.should_stop = [&] { return ++epochs > 4; };
  first.fit(images, observer);
  TunerState state = first.state();
  for (TensorMap* map : {&state.parameters, &state.optimizer, &state.buffers}) {
    for (auto& [key, value] : *map) value = value.cpu();  // as a file gives them
  }
  auto second = plain(backbone, base, {0, 1, 2, 3, 0, 1, 2, 3}, options);
  second.resume(state);
  second.fit(images);
  std::vector<Tensor> results{predict_logits(backbone, base, images, 3)};
  auto step = mao_new(backbone, fresh, 8, ZeroShotLabeler<AnyModel>(model, fresh),
                      {.sampler = {.batch = 4}, .schedule = {.epochs = 1}});
  step.fit(images);
  results.push_back(predict_logits(backbone, fresh, images, 3));
  for (const Parameter& parameter : backbone.parameters()) {
    CHECK(parameter.value.device() == device);
    results.push_back(parameter.value.detach().cpu());
  }
  return results;
}

}  // namespace

TEST_CASE("the strict device refuses what CUDA refuses") {
  const Tensor here = at::randn({3}), there = here.to(cuda::device_named("cuda"));
  CHECK(there.is_cuda());
  CHECK(there.cpu().equal(here));
  CHECK_THROWS_WITH(there.add(here), ContainsSubstring("same device"));
  CHECK_THROWS_WITH(there.index_select(0, at::randn({2}).to(at::kLong)), ContainsSubstring("strict device"));
}

namespace {

/// Work that counts its launches.
struct Counted {
  int* launches;
  [[nodiscard]] std::int64_t items() const { return 0; }
  template <class Lanes>
  void operator()(Lanes, std::int64_t) const {}
};

}  // namespace

TEST_CASE("work for a device goes to the launcher that was entered for it") {
  const c10::Device device = cuda::device_named("cuda");
  int launches = 0;
  CHECK_THROWS_WITH(cuda::run(Counted{&launches}, device), ContainsSubstring("not in this program"));
  cuda::launcher<Counted> = [](const Counted& work, cuda::Stream stream) {
    *work.launches += stream == nullptr ? 1 : 0;
  };
  CHECK(cuda::can_run<Counted>(device));
  cuda::run(Counted{&launches}, device);
  CHECK(launches == 1);
}

TEST_CASE("methods on a device mix no devices and give the CPU's numbers") {
  for (const std::string name : {"coop", "coop, random start", "cocoop", "promptsrc"}) {
    CAPTURE(name);
    const auto expected = results_of(name, at::kCPU), actual = results_of(name, cuda::device_named("cuda"));
    REQUIRE(actual.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(actual[i].sub(expected[i]).norm().item<double>() <= 1e-4 * expected[i].norm().item<double>());
    }
  }
}
