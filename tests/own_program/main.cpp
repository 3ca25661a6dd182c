// SPDX-License-Identifier: Apache-2.0
// Programs whose `main` adds something that is refused: the first word says which, the others are mao's.
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <mao/backbones/coop.hpp>
#include <mao/embedded/archetypes.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/sampling/shuffled.hpp>

#include <mao/program.hpp>

using namespace mao::tool;

namespace {

mao::ShuffledSampler shuffled(const Stage& stage) {
  return mao::ShuffledSampler(stage.labels, stage.classes, {.batch = stage.batch});
}
mao::CrossEntropy cross_entropy() { return {}; }
mao::testing::ToyModel toy() { return *mao::testing::ToyModel::make(5); }
auto labels(mao::ZeroShot<mao::AnyModel> untuned, const mao::AnyBackbone&) {
  return mao::TunedPromptLabeler(std::move(untuned));
}
mao::ShuffledSampler broken(const Stage&) { throw std::runtime_error("no file of weights"); }

std::vector<Addition> additions(const std::string& which) {
  const std::map<std::string, std::function<std::vector<Addition>()>> all{
      {"method", [] { return std::vector<Addition>{with_method<mao::Coop>("coop")}; }},
      {"untuned", [] { return std::vector<Addition>{with_method<mao::Coop>("zero-shot")}; }},
      {"labeler", [] { return std::vector<Addition>{with_labeler("tuned", labels)}; }},
      {"sampler", [] { return std::vector<Addition>{with_sampler("auto", shuffled)}; }},
      {"regularizer",
       [] {
         return std::vector<Addition>{with_regularizer("ce", cross_entropy), with_regularizer("ce", cross_entropy)};
       }},
      {"model", [] { return std::vector<Addition>{with_model("embedded", toy)}; }},
      {"siglip", [] { return std::vector<Addition>{with_model("embedded-siglip", toy)}; }},
      {"path", [] { return std::vector<Addition>{with_model("models/toy", toy)}; }},
      {"nameless", [] { return std::vector<Addition>{with_sampler("", shuffled)}; }},
      {"broken", [] { return std::vector<Addition>{with_sampler("broken", broken)}; }},
      {"usual", [] {
         return std::vector<Addition>{with_sampler("usual", shuffled), with_regularizer("ce", cross_entropy)};
       }}};
  return all.at(which)();
}

}  // namespace

int main(int argc, char** argv) { return run(argc - 1, argv + 1, additions(argv[1])); }
