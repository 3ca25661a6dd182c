// SPDX-License-Identifier: Apache-2.0
// Runs mao's side of the benchmarks on demand: one JSON object a line in, one out. Started by benchmarks/ratios.py.
//
//   {"case": "coop_cached", "classes": 51, "precision": "bf16", "repeat": 10}
//       CPU and wall seconds of one step, peak memory over what was there, bytes kept for the backward pass (text)
//   {"case": ..., "start": FILE, "values": FILE}
//       writes the learned tensors, runs one step, writes loss, gradients or features
#include <malloc.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include <ATen/Parallel.h>

#include <mao/core/detail/memory.hpp>
#include <mao/io/safetensors.hpp>

#include "bench.hpp"

namespace {

using nlohmann::json;

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// A line of /proc/self/status in KB.
double status_kb(const std::string& field) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field)) return std::stod(line.substr(field.size() + 1));
  }
  return 0;
}

bench::CasePointer make_case(bench::Inputs& inputs, const bench::Request& request) {
  const std::string& name = request.name;
  if (name == "text") return bench::text_case(inputs, request);
  if (name == "image") return bench::image_case(inputs, request);
  if (name == "class_texts") return bench::class_texts_case(inputs, request);
  if (name == "zero_shot") return bench::zero_shot_case(inputs, request);
  if (name == "maple" || name == "promptsrc") return bench::prompted_case(inputs, request);
  if (name == "decode") return bench::decode_case(inputs, request);
  if (name == "all_classes") return bench::all_classes_case(inputs, request);
  if (name == "gemm" || name == "gemm_packed") return bench::gemm_case(inputs, request);
  if (name.starts_with("coop_") || name.starts_with("mao_")) return bench::coop_case(inputs, request);
  throw mao::OptionError("there is no case \"" + name + "\"");
}

bench::Request request_of(const json& line) {
  bench::Request request;
  request.name = line.at("case").get<std::string>();
  request.classes = line.value("classes", request.classes);
  request.candidates = line.value("candidates", request.candidates);
  request.images = line.value("images", request.images);
  request.depth = line.value("depth", request.depth);
  request.limit_mib = line.value("limit_mib", request.limit_mib);
  request.repeat = line.value("repeat", request.repeat);
  request.precision = mao::precision_from(line.value("precision", "fp32"));
  return request;
}

/// With `trim` the process first gives free memory back, so that the peak is that of the work; without, the work finds
/// the memory of its last step, as in a run.
json measured(bench::Case& work, int repeat, bool trim) {
  if (trim) malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // VmHWM counts anew
  const double before = status_kb("VmRSS:");
  const double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  work.run(repeat);
  const double cpu_used = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, wall_used = seconds(CLOCK_MONOTONIC) - wall;
  const double peak = std::max(0.0, status_kb("VmHWM:") - before);
  return {{"cpu", cpu_used / repeat}, {"wall", wall_used / repeat}, {"peak_mb", peak / 1024}};
}

void write_start(bench::Case& work, const std::string& path) {
  mao::TensorMap tensors;
  for (const mao::Parameter& parameter : work.parameters()) tensors[parameter.name] = parameter.value.detach();
  mao::write_safetensors(path, tensors);
}

void write_values(const bench::Case& work, const std::string& path) {
  mao::TensorMap tensors;
  for (const auto& [name, value] : work.values()) tensors[name] = value.detach().cpu().contiguous();
  mao::write_safetensors(path, tensors);
}

class Server {
 public:
  explicit Server(const std::string& folder) : inputs_(folder) {}

  /// What was asked for, or why not.
  json answer(const std::string& line) {
    try {
      return answer(json::parse(line));
    } catch (const std::exception& error) {
      return {{"error", error.what()}};
    }
  }

 private:
  json answer(const json& line) {
    at::set_num_threads(line.value("threads", 1));
    const bench::Request request = request_of(line);
    if (line.value("forget", false)) cases_.clear();
    bench::CasePointer& work = cases_[request.key()];
    const bool first = work == nullptr;
    if (first) work = make_case(inputs_, request);
    if (line.value("saved", false)) return {{"bytes", work->saved_bytes()}};
    if (line.contains("start")) write_start(*work, line["start"].get<std::string>());
    json reply = measured(*work, request.repeat, first);
    double& peak = peaks_[request.key()];  // that of the first step, later ones find its memory
    peak = std::max(peak, reply["peak_mb"].get<double>());
    reply["peak_mb"] = peak;
    if (line.contains("values")) write_values(*work, line["values"].get<std::string>());
    return reply;
  }

  bench::Inputs inputs_;
  std::map<decltype(bench::Request{}.key()), bench::CasePointer> cases_;
  std::map<decltype(bench::Request{}.key()), double> peaks_;
};

}  // namespace

int main(int argc, char** argv) try {
  mao::keep_freed_memory();
  mao::require<mao::OptionError>(argc == 2, "usage: ", argv[0], " FOLDER, that of benchmarks/inputs.py");
  Server server(argv[1]);
  for (std::string line; std::getline(std::cin, line);) std::cout << server.answer(line) << std::endl;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
