// expect: mao: the model is not in a std::shared_ptr, which all that use it share: make it with `std::make_shared<const mao::Clip>(mao::Clip::load(path))`
// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/tuner/recipes.hpp>

using namespace mao;

void train(const Clip& clip, const ClassList& classes, ImageSource& images) {
#ifdef MAO_EXPECT_FAIL
  Coop coop(clip, classes);
#else
  Coop coop(std::make_shared<const Clip>(clip), classes);
#endif
  plain(coop, classes, {0, 1}).fit(images);
}
