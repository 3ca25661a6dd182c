// SPDX-License-Identifier: Apache-2.0
// Speed and memory of one checkpoint of any family, for benchmarks/families.py: a word a line in, a JSON object a line out.
//
//   mao-families MODEL NAMES.txt INPUT.safetensors fp32|bf16 [VOCABULARY]
//
// INPUT has `pixels` [B, 3, R, R], `context` [n, W] and `images` [M, D]; NAMES has a class name on each line.
//
//   image FILE    encodes the pixels; `features` [B, D] into FILE
//   text FILE     one step of CoOp's text side: class features, cross entropy with `images`, backward pass; `gradient`
//                 [n, W] and `loss` [] into FILE
//   memory        resident and largest resident size in MB
//
// The first two answer with the CPU seconds of the process.
#include <time.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <mao/backbones/coop.hpp>
#include <mao/core/detail/memory.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/regularizers/cross_entropy.hpp>

#include "family.hpp"

namespace {

using mao::TensorMap;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Resident sizes in MB: now, at most, and that part of now which is not a mapped file.
nlohmann::json memory() {
  nlohmann::json result;
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    for (const char* field : {"VmRSS", "VmHWM", "RssAnon"}) {
      if (line.starts_with(field)) result[field] = std::stod(line.substr(line.find(':') + 1)) / 1024;
    }
  }
  return result;
}

template <class ModelT>
class Work {
 public:
  Work(ModelT model, const TensorMap& input, const mao::ClassList& classes)
      : model_(std::make_shared<const ModelT>(std::move(model))), coop_(model_, classes), input_(input) {
    context().detach().copy_(input_.at("context"));
    features_.features = input_.at("images");
    for (std::int64_t i = 0; i < features_.features.size(0); ++i) {
      batch_.images.push_back(i);
      batch_.labels.push_back(i % classes.size());
    }
    candidates_ = mao::Candidates::all(classes.size());
  }

  TensorMap image() {
    const at::NoGradGuard frozen;
    return {{"features", model_->encode_image(input_.at("pixels"))}};
  }

  TensorMap text() {
    context().mutable_grad() = mao::Tensor();
    const auto loss = mao::CrossEntropy()(coop_.forward(features_, candidates_), batch_);
    loss.backward();
    return {{"gradient", context().grad()}, {"loss", loss.detach()}};
  }

 private:
  [[nodiscard]] mao::Tensor context() { return coop_.parameters().front().value; }

  std::shared_ptr<const ModelT> model_;
  mao::Coop<ModelT> coop_;
  const TensorMap& input_;
  mao::ImageBatch features_;
  mao::Batch batch_;
  mao::Candidates candidates_ = mao::Candidates::all(1);
};

template <class WorkT>
nlohmann::json answer(WorkT& work, const std::string& word) {
  if (word == "memory") return memory();
  mao::require<mao::OptionError>(word == "image" || word == "text", "there is no \"", word, "\"");
  std::string path;
  std::cin >> path;
  const double begin = cpu_seconds();
  const TensorMap values = word == "image" ? work.image() : work.text();
  const double seconds = cpu_seconds() - begin;
  mao::write_safetensors(path, values);
  return {{"cpu", seconds}};
}

}  // namespace

int main(int argc, char** argv) try {
  mao::keep_freed_memory();
  mao::require<mao::OptionError>(argc == 5 || argc == 6, "usage: ", argv[0],
                                 " MODEL NAMES.txt INPUT.safetensors fp32|bf16 [VOCABULARY]");
  at::set_num_threads(1);
  const TensorMap input = mao::read_safetensors(argv[3]).tensors;
  const mao::ClassList classes = bench::names_in(argv[2]);
  bench::with_model(argv[1], argc == 6 ? argv[5] : "", mao::precision_from(argv[4]), [&](auto model) {
    Work work(std::move(model), input, classes);
    std::cout << memory() << std::endl;
    for (std::string word; std::cin >> word;) std::cout << answer(work, word) << std::endl;
  });
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
