// SPDX-License-Identifier: Apache-2.0
// Uses headers of the standard library only, one that needs LibTorch and one that needs the image libraries, finds the
// embedded model, and links.
#include <ATen/ops/ones.h>

#include <cstdio>

#include <mao/core/class_list.hpp>
#include <mao/core/tensor.hpp>
#include <mao/data/decode.hpp>
#include <mao/data/detail/decode_webp.hpp>
#include <mao/embedded/clip.hpp>
#include <mao/version.hpp>

int main() {
  const mao::Tensor weight = mao::parameter(at::ones({2, 3}));
  weight.mul(2).sum().backward();
  const double slope = weight.grad().sum().item<double>();
  try {
    static_cast<void>(mao::read_image("no such picture"));
    return 1;
  } catch (const mao::FileError&) {
  }
  std::printf("mao %s: slope %g, WEBP %s, embedded model in %s\n", mao::version, slope,
              mao::reads_webp ? "read" : "not read", mao::embedded::model_folder().c_str());
  return slope == 12 ? 0 : 1;
}
