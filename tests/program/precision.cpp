// SPDX-License-Identifier: Apache-2.0
// `--precision auto`, what is said of a slow bf16, and what `mao --version` tells.
#include <fstream>
#include <string>

#include "models/product_speed.hpp"

#include <mao/core/device.hpp>
#include <mao/core/instruction_set.hpp>
#include <mao/io/files.hpp>
#include <nlohmann/json.hpp>

#include <support/catch.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

using mao::Precision;
using mao_program::ProductSpeed;
using mao_test::quoted;
using mao_test::Run;
using mao_test::TemporaryFolder;
namespace fs = std::filesystem;

/// A cache folder in which this CPU is known to multiply at these rates.
void keep_speed(const fs::path& cache, double fp32, double bf16) {
  fs::create_directories(cache / "mao");
  const nlohmann::json speed = {{"fp32", fp32}, {"bf16", bf16}};
  std::ofstream(cache / "mao" / "products.json") << nlohmann::json{{mao_program::cpu_description(), speed}};
}

Run evaluated(const fs::path& cache, const std::string& precision) {
  return mao_test::shell("XDG_CACHE_HOME=" + quoted(cache) + " " + quoted(mao_test::build_dir() + "/bin/mao") +
                         " eval --data sketch --feature-cache off --precision " + precision);
}

}  // namespace

TEST_CASE("both products are measured once and then read", "[precision]") {
  const TemporaryFolder folder;
  const fs::path file = folder / "new" / "products.json";
  const ProductSpeed first = mao_program::product_speed(file), second = mao_program::product_speed(file);
  CHECK(first.fp32 > 0);
  CHECK(first.bf16 > 0);
  CHECK(second.fp32 == first.fp32);
  CHECK(second.bf16 == first.bf16);
  CHECK(nlohmann::json::parse(mao::read_text_file(file)).contains(mao_program::cpu_description()));
  std::ofstream(file) << "not JSON";
  CHECK(mao_program::product_speed(file).fp32 > 0);
  CHECK(mao_program::product_speed("/proc/nowhere/products.json").fp32 > 0);
}

TEST_CASE("the faster precision is chosen, and a slow one is told of", "[precision]") {
  CHECK(ProductSpeed{.fp32 = 74, .bf16 = 10}.faster() == Precision::Fp32);
  CHECK(ProductSpeed{.fp32 = 74, .bf16 = 500}.faster() == Precision::Bf16);
  CHECK_FALSE(mao_program::slow_precision_note(Precision::Fp32, {.fp32 = 1, .bf16 = 2}));
  CHECK_FALSE(mao_program::slow_precision_note(Precision::Bf16, {.fp32 = 1, .bf16 = 2}));
  const auto note = mao_program::slow_precision_note(Precision::Bf16, {.fp32 = 74.2, .bf16 = 9.8});
  REQUIRE(note);
  CHECK_THAT(*note, ContainsSubstring("10 against 74 GF/s"));
}

TEST_CASE("the program takes the faster precision, says when bf16 is the slower, and keeps quiet else", "[precision]") {
  const TemporaryFolder folder;
  keep_speed(folder / "slow", 74, 10);
  keep_speed(folder / "fast", 74, 500);
  CHECK_THAT(evaluated(folder / "slow", "bf16").output, ContainsSubstring("bf16 is slower than fp32 on this CPU"));
  CHECK(evaluated(folder / "fast", "bf16").output.find("slower") == std::string::npos);
  CHECK(evaluated(folder / "slow", "auto").output == evaluated(folder / "slow", "fp32").output);
  CHECK(evaluated(folder / "fast", "auto").output == evaluated(folder / "fast", "bf16").output);
}

TEST_CASE("--version names LibTorch, whether it has CUDA, its folder, the CPU, its instruction set and the threads",
          "[precision]") {
  const Run run = mao_test::mao_program("--version");
  CHECK(run.code == 0);
  CHECK_THAT(run.output, ContainsSubstring("LibTorch 2."));
  const bool cuda = mao::cuda::DevicesFound::here().has_cuda;
  CHECK_THAT(run.output, ContainsSubstring(cuda ? ", with CUDA, " : ", for the CPU only, in /"));
  CHECK_THAT(run.output, ContainsSubstring(mao::name_of(mao::instruction_set())));
  CHECK_THAT(run.output, ContainsSubstring(" threads"));
  const Run limited =
      mao_test::shell("MAO_INSTRUCTION_SET=nonsense " + quoted(mao_test::build_dir() + "/bin/mao") + " methods");
  CHECK(limited.code == 1);
  CHECK_THAT(limited.output, ContainsSubstring("MAO_INSTRUCTION_SET is \"nonsense\"; expected portable"));
}
