// SPDX-License-Identifier: Apache-2.0
// The gradient of CoOp's context through the text tower of a checkpoint, for benchmarks/context_gradient.py.
//
//   mao-context-gradient MODEL INPUT.safetensors NAMES.txt OUTPUT.safetensors [VOCABULARY]
//
// INPUT has `context` [n, W] and `images` [B, D]; NAMES has a class name on each line. The label of image i is i modulo
// the number of classes. OUTPUT gets `gradient` [n, W] and `loss` []. The first n tokens of "a photo of a" are learned.
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <mao/backbones/coop.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/regularizers/cross_entropy.hpp>

#include "family.hpp"

namespace {

using mao::TensorMap;

template <class ModelT>
TensorMap gradient_through(ModelT model, const TensorMap& input, const mao::ClassList& classes) {
  mao::Coop coop(std::make_shared<const ModelT>(std::move(model)), classes);
  const mao::Tensor context = coop.parameters().front().value, images = input.at("images");
  mao::require<mao::ShapeError>(context.sizes() == input.at("context").sizes(), "the input's context is ",
                                mao::shape_text(input.at("context").sizes()), ", CoOp's is ",
                                mao::shape_text(context.sizes()));
  context.detach().copy_(input.at("context"));
  mao::Batch batch;
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    batch.images.push_back(i);
    batch.labels.push_back(i % classes.size());
  }
  mao::ImageBatch features;
  features.features = images;
  const auto loss = mao::CrossEntropy()(coop.forward(features, mao::Candidates::all(classes.size())), batch);
  loss.backward();
  return {{"gradient", context.grad().contiguous()}, {"loss", loss.detach()}};
}

}  // namespace

int main(int argc, char** argv) try {
  mao::require<mao::OptionError>(argc == 5 || argc == 6, "usage: ", argv[0],
                                 " MODEL INPUT.safetensors NAMES.txt OUTPUT.safetensors [VOCABULARY]");
  const TensorMap input = mao::read_safetensors(argv[2]).tensors;
  const mao::ClassList classes = bench::names_in(argv[3]);
  bench::with_model(argv[1], argc == 6 ? argv[5] : "", mao::Precision::Fp32, [&](auto model) {
    mao::write_safetensors(argv[4], gradient_through(std::move(model), input, classes));
  });
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
