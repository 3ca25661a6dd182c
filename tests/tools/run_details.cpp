// SPDX-License-Identifier: Apache-2.0
#include "runs/run_details.hpp"

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;

TEST_CASE("confusion is read by half; none is nothing", "[run_details]") {
  const mao_test::TemporaryFolder temporary;
  CHECK_FALSE(read_confusion(temporary.path()).has_value());
  temporary.write("confusion.json", R"({"base":{"classes":["cat","dog"],"pairs":[[0,0,5],[0,1,2]]},"new":null})");
  const auto confusion = read_confusion(temporary.path());
  REQUIRE(confusion.has_value());
  CHECK(confusion->base.classes.size() == 2);
  CHECK(confusion->base.counts.at(1).count == 2);
  CHECK(confusion->fresh.classes.empty());
  temporary.write("confusion.json", R"({"base":{"classes":["cat"],"pairs":[[0,7,2]]}})");
  CHECK_THROWS_WITH(read_confusion(temporary.path()), ContainsSubstring("confusion.json"));
  temporary.write("confusion.json", R"({"base":{"classes":3}})");
  CHECK_THROWS_AS(read_confusion(temporary.path()), FormatError);
}

TEST_CASE("mini-batches are read, and only images that hold their own bytes are shown", "[run_details]") {
  const mao_test::TemporaryFolder temporary;
  const std::string good = R"({"classes":["cat"],"text":[[1,0]],"images":[
    {"class":0,"features":[0.6,0.8],"thumbnail":"data:image/png;base64,iVBORw=="},
    {"class":0,"features":[0.8,0.6],"thumbnail":"https://example.org/a.png"},
    {"class":0,"features":[0.8,0.6],"thumbnail":"data:image/png;base64,\"><script>"}]})";
  temporary.write("batches.json", "{\"hard\":" + good + ",\"shuffled\":" + good + "}");
  const auto batches = read_batches(temporary.path());
  REQUIRE(batches.has_value());
  REQUIRE(batches->hard.images.size() == 3);
  CHECK(batches->hard.images[0].thumbnail == "data:image/png;base64,iVBORw==");
  CHECK(batches->hard.images[1].thumbnail.empty());
  CHECK(batches->hard.images[2].thumbnail.empty());
}

TEST_CASE("features of different lengths are refused", "[run_details]") {
  const mao_test::TemporaryFolder temporary;
  const std::string bad = R"({"classes":["cat"],"text":[[1,0]],"images":[{"class":0,"features":[1]}]})";
  temporary.write("batches.json", "{\"hard\":" + bad + ",\"shuffled\":" + bad + "}");
  CHECK_THROWS_WITH(read_batches(temporary.path()),
                    ContainsSubstring("batches.json") && ContainsSubstring("1 features"));
}
