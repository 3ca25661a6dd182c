// SPDX-License-Identifier: Apache-2.0
// The text side of CoOp alone: class features from the context, a loss with given image features, the gradient.
#include <malloc.h>

#include <mao/backbones/coop.hpp>
#include <mao/regularizers/cross_entropy.hpp>

#include "bench.hpp"

namespace bench {
namespace {

/// Live bytes of the heap; tensors are on it.
std::int64_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
}

std::shared_ptr<const mao::Clip> limited(const std::shared_ptr<const mao::Clip>& clip, std::int64_t limit_mib) {
  if (limit_mib == 0) return clip;
  auto copy = std::make_shared<mao::Clip>(*clip);  // shares the weights
  copy->limit_kept(static_cast<std::size_t>(limit_mib) << 20U);
  return copy;
}

class TextCase : public Case {
 public:
  TextCase(Inputs& inputs, const Request& request)
      : coop_(limited(inputs.clip(request.precision), request.limit_mib), inputs.classes(request.classes)),
        images_{.pixels = {}, .features = inputs.features()},
        candidates_(mao::Candidates::all(request.classes)) {
    batch_.labels = labels(images_.features.size(0), request.classes);
    if (request.candidates > 0) {
      candidates_.ids.assign(batch_.labels.begin(), batch_.labels.begin() + request.candidates);
    }
  }

  void run(int repeat) override {
    for (int i = 0; i < repeat; ++i) {
      for (const mao::Parameter& parameter : parameters_) parameter.value.mutable_grad() = mao::Tensor();
      const mao::Tensor loss = forward();
      loss.backward();
      loss_ = loss.item<double>();
    }
  }

  /// What the graph of the loss holds, whoever allocated it.
  [[nodiscard]] std::int64_t saved_bytes() override {
    run(1);  // what is made once and stays must not count
    const std::int64_t before = heap_bytes();
    const mao::Tensor loss = forward();
    const std::int64_t after = heap_bytes();
    loss.backward();
    return after - before;
  }

  [[nodiscard]] mao::TensorMap values() const override { return step_values(parameters_, loss_); }
  [[nodiscard]] mao::ParameterList parameters() override { return coop_.parameters(); }

 private:
  [[nodiscard]] mao::Tensor forward() { return mao::CrossEntropy{}(coop_.forward(images_, candidates_), batch_); }

  mao::Coop<mao::Clip> coop_;
  mao::ParameterList parameters_ = coop_.parameters();
  mao::ImageBatch images_;
  mao::Candidates candidates_;
  mao::Batch batch_;
  double loss_ = 0;
};

}  // namespace

CasePointer text_case(Inputs& inputs, const Request& request) { return std::make_unique<TextCase>(inputs, request); }

}  // namespace bench
