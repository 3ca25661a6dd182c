// SPDX-License-Identifier: Apache-2.0
#include "models/product_speed.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/models/feature_cache.hpp>
#include <mao/io/files.hpp>
#include <mao/kernels/cpu/frozen_linear.hpp>
#include <mao/core/instruction_set.hpp>
#include <nlohmann/json.hpp>

namespace mao_program {

namespace {

/// LibTorch computes with one thread while it lives: threads that wait for each other on a busy machine hide the CPU.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// A layer of the text tower of ViT-B/16 and the rows of 51 short class names.
constexpr std::int64_t rows = 256, width_in = 512, width_out = 2048;

double measured(Precision precision) {
  using Clock = std::chrono::steady_clock;
  const at::NoGradGuard none;
  const FrozenLinear layer(at::ones({width_out, width_in}), precision);
  const Tensor x = at::ones({rows, width_in}, FrozenLinear::type_of(precision));
  Tensor y = layer.forward(x);  // packs the weights
  // The fastest of many: what else the machine does only makes a product slower.
  double fastest = 1, all = 0;
  while (all < 0.02) {
    const auto start = Clock::now();
    y = layer.forward(x);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    fastest = std::min(fastest, seconds);
    all += seconds;
  }
  return 2e-9 * static_cast<double>(rows * width_in * width_out) / fastest;
}

nlohmann::json kept_speeds(const std::filesystem::path& file) {
  std::ifstream stream(file);
  nlohmann::json kept = nlohmann::json::parse(stream, nullptr, false);
  return kept.is_object() ? kept : nlohmann::json::object();
}

std::optional<ProductSpeed> kept_speed(const nlohmann::json& kept, const std::string& cpu) {
  const auto found = kept.find(cpu);
  if (found == kept.end() || !found->is_object()) return std::nullopt;
  const auto number = [&](const char* name) {
    const auto value = found->find(name);
    return value != found->end() && value->is_number() ? value->get<double>() : 0.0;
  };
  const ProductSpeed speed{.fp32 = number("fp32"), .bf16 = number("bf16")};
  return speed.fp32 > 0 && speed.bf16 > 0 ? std::optional(speed) : std::nullopt;
}

std::string cpu_model() {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "CPU of unknown name";
}

}  // namespace

std::string cpu_description() { return text_of(cpu_model(), ", ", name_of(instruction_set())); }

ProductSpeed measure_products() {
  const OneThread alone;
  return {.fp32 = measured(Precision::Fp32), .bf16 = measured(Precision::Bf16)};
}

ProductSpeed product_speed(const std::filesystem::path& file) {
  const char* limit = std::getenv("ONEDNN_MAX_CPU_ISA");
  const std::string cpu = cpu_description() + (limit != nullptr ? text_of(", oneDNN up to ", limit) : "");
  nlohmann::json kept = kept_speeds(file);
  if (const auto speed = kept_speed(kept, cpu)) return *speed;
  const ProductSpeed speed = measure_products();
  kept[cpu] = {{"fp32", speed.fp32}, {"bf16", speed.bf16}};
  try {
    std::filesystem::create_directories(file.parent_path());
    write_file_atomically(file, [&](std::ostream& out) {
      out << kept.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    });
  } catch (const std::exception&) {
    return speed;  // measured again next time
  }
  return speed;
}

ProductSpeed product_speed() { return product_speed(FeatureCache::default_folder().parent_path() / "products.json"); }

std::optional<std::string> slow_precision_note(Precision precision, const ProductSpeed& speed) {
  if (precision != Precision::Bf16 || speed.faster() == Precision::Bf16) return std::nullopt;
  return text_of("bf16 is slower than fp32 on this CPU (", std::llround(speed.bf16), " against ",
                 std::llround(speed.fp32), " GF/s); --precision auto takes the faster of the two");
}

}  // namespace mao_program
