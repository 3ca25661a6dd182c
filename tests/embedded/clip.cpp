// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/clip.hpp>

#include <cstdlib>
#include <optional>
#include <string>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

namespace {

/// While one lives MAO_SHARE has another value.
class Share {
 public:
  explicit Share(const std::string& value) {
    if (const char* old = std::getenv("MAO_SHARE")) before_ = old;
    ::setenv("MAO_SHARE", value.c_str(), 1);
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { before_ ? ::setenv("MAO_SHARE", before_->c_str(), 1) : ::unsetenv("MAO_SHARE"); }

 private:
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("the embedded model is found beside the program and takes prompts", "[embedded]") {
  const auto clip = mao::embedded::clip();
  CHECK(clip->preprocess().resolution == 48);
  CHECK(std::filesystem::exists(mao::embedded::model_folder() / "merges.txt"));
}

TEST_CASE("where the embedded model is missing it is said where it was looked for", "[embedded]") {
  using mao::embedded::detail::missing_model;
  CHECK_THAT(missing_model("embedded", {"/opt/mao/bin", "/opt/mao"}),
             ContainsSubstring("no folder above the running program has share/mao/embedded; set MAO_SHARE"));
  CHECK_THAT(missing_model("embedded", {}), ContainsSubstring("/proc/self/exe cannot be read") &&
                                                ContainsSubstring("share/mao/embedded; set MAO_SHARE"));
  CHECK_THROWS_WITH(mao::embedded::detail::share_folder("no model has this name"),
                    ContainsSubstring("share/mao/no model has this name"));
}

TEST_CASE("MAO_SHARE decides where the embedded model is, and is named where it does not hold one", "[embedded]") {
  const mao_test::TemporaryFolder empty;
  const std::string found = mao::embedded::model_folder().parent_path().string();
  {
    const Share share(empty.path().string());
    CHECK_THROWS_WITH(mao::embedded::clip(), ContainsSubstring("MAO_SHARE is " + empty.path().string()));
  }
  const Share share(found);
  CHECK(mao::embedded::model_folder().parent_path().string() == found);
}
