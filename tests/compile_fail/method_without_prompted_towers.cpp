// expect: mao: this method needs a model with PromptedTowers (a CLIP): `encode_text(batch, BlockPrompts)`
// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/models/mobilenet_minilm.hpp>

using namespace mao;

void make(std::shared_ptr<const MobileNetMiniLm> model, const ClassList& classes) {
#ifdef MAO_EXPECT_FAIL
  Maple method(model, classes);
#else
  Coop method(model, classes);
#endif
  method.bind(classes);
}
