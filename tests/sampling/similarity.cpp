// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/similarity.hpp>

#include <cstring>
#include <fstream>
#include <limits>
#include <mao/core/random.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <support/catch.hpp>
#include <support/golden.hpp>

using mao::NameForm;
using mao::NearestClasses;

namespace {

Eigen::MatrixXf random_similarity(Eigen::Index classes, std::uint64_t seed) {
  mao::Rng rng(seed);
  Eigen::MatrixXf matrix(classes, classes);
  for (Eigen::Index r = 0; r < classes; ++r) {
    for (Eigen::Index c = 0; c < classes; ++c) matrix(r, c) = static_cast<float>(rng.uniform(-1, 1));
  }
  return matrix;
}

/// Remembers nothing, but tells apart which spelling of the names came: 1 where query and candidate are spelt alike.
struct Spelling {
  Eigen::MatrixXf operator()(const std::vector<std::string>& queries, const std::vector<std::string>& names) const {
    Eigen::MatrixXf result(static_cast<Eigen::Index>(queries.size()), static_cast<Eigen::Index>(names.size()));
    for (std::size_t q = 0; q < queries.size(); ++q) {
      for (std::size_t c = 0; c < names.size(); ++c) {
        result(static_cast<Eigen::Index>(q), static_cast<Eigen::Index>(c)) = queries[q] == names[c] ? 1.0F : 0.0F;
      }
    }
    return result;
  }
};

/// One square fp32 matrix of a safetensors file.
Eigen::MatrixXf matrix_of(const std::filesystem::path& path, const std::string& name) {
  std::ifstream in(path, std::ios::binary);
  std::uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  const auto header = nlohmann::json::parse(text).at(name);
  const Eigen::Index rows = header.at("shape").at(0);
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix(rows, rows);
  in.seekg(static_cast<std::streamoff>(8 + length + header.at("data_offsets").at(0).get<std::uint64_t>()));
  in.read(reinterpret_cast<char*>(matrix.data()), static_cast<std::streamsize>(matrix.size() * 4));
  return matrix;
}

}  // namespace

TEST_CASE("nearest classes are the best k, in order", "[sampling]") {
  for (const Eigen::Index classes : {1, 2, 9, 60}) {
    const auto similarity = random_similarity(classes, 17);
    for (const std::int64_t k : {std::int64_t{1}, std::int64_t{classes + 1} / 2, std::int64_t{classes}}) {
      const NearestClasses nearest(similarity, k);
      for (Eigen::Index query = 0; query < classes; ++query) {
        const auto ids = nearest.of(query);
        const std::set<std::int64_t> kept(ids.begin(), ids.end());
        REQUIRE(static_cast<std::int64_t>(kept.size()) == k);
        for (std::size_t i = 1; i < ids.size(); ++i) CHECK(similarity(query, ids[i - 1]) >= similarity(query, ids[i]));
        for (Eigen::Index other = 0; other < classes; ++other) {
          if (!kept.contains(other)) CHECK(similarity(query, other) <= similarity(query, ids.back()));
        }
      }
    }
  }
}

TEST_CASE("MiniLM's top 8 as the reference found them", "[sampling][golden]") {
  const auto folder = mao_test::golden_folder();
  MAO_SKIP_UNLESS(folder.has_value(), "no golden traces on this machine");
  for (const std::string set : {"oxford_pets", "dtd"}) {
    CAPTURE(set);
    const auto lists = mao_test::read_json_file(*folder / "minilm" / (set + ".json"));
    const auto compare = [&](const std::string& matrix, const std::string& list) {
      const NearestClasses nearest(matrix_of(*folder / "minilm" / (set + ".safetensors"), matrix), 8);
      const auto expected = lists.at(list).get<std::vector<std::vector<std::int64_t>>>();
      REQUIRE(nearest.classes() == static_cast<std::int64_t>(expected.size()));
      for (std::size_t c = 0; c < expected.size(); ++c) {
        const auto found = nearest.of(static_cast<std::int64_t>(c));
        CHECK(std::vector<std::int64_t>(found.begin(), found.end()) == expected[c]);
      }
    };
    compare("cos_clean", "top8_clean");
    compare("cos_mao_cleanquery_rawclass", "top8_mao");
    compare("cos_photo", "top8_photo");
  }
}

TEST_CASE("equal cosines rank by position", "[sampling]") {
  const NearestClasses nearest(Eigen::MatrixXf::Ones(4, 4), 3);
  for (std::int64_t c = 0; c < 4; ++c) {
    const auto ids = nearest.of(c);
    CHECK(std::vector<std::int64_t>(ids.begin(), ids.end()) == std::vector<std::int64_t>{0, 1, 2});
  }
}

TEST_CASE("the name form decides the spelling on each side", "[sampling]") {
  const mao::ClassList classes{{"maine_coon", "pug"}};
  CHECK(mao::class_similarity(classes, Spelling{}).diagonal() == Eigen::Vector2f(1, 1));
  CHECK(mao::class_similarity(classes, Spelling{}, NameForm::Raw).diagonal() == Eigen::Vector2f(1, 1));
  CHECK(mao::class_similarity(classes, Spelling{}, NameForm::Reference).diagonal() == Eigen::Vector2f(0, 1));
}

TEST_CASE("similarities of a wrong shape or kind are refused", "[sampling]") {
  using Names = std::vector<std::string>;
  const mao::ClassList classes{{"a", "b"}};
  const auto narrow = [](const Names&, const Names&) { return Eigen::MatrixXf(Eigen::MatrixXf::Ones(2, 1)); };
  const auto broken = [](const Names&, const Names&) {
    return Eigen::MatrixXf(Eigen::MatrixXf::Constant(2, 2, std::numeric_limits<float>::quiet_NaN()));
  };
  CHECK_THROWS_AS(mao::class_similarity(classes, narrow), mao::ShapeError);
  CHECK_THROWS_AS(mao::class_similarity(classes, broken), mao::NumericError);
  CHECK_THROWS_AS(NearestClasses(Eigen::MatrixXf::Ones(2, 3), 1), mao::ShapeError);
  CHECK_THROWS_WITH(NearestClasses(Eigen::MatrixXf::Ones(5, 5), 8), ContainsSubstring("k = 8 of 5 classes"));
  CHECK_THROWS_AS(NearestClasses(Eigen::MatrixXf::Ones(5, 5), 0), mao::OptionError);
  CHECK_THROWS_AS(NearestClasses(Eigen::MatrixXf::Ones(5, 5), 2).of(5), mao::DataError);
}

TEST_CASE("a similarity that is not finite has no ranks", "[sampling]") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Eigen::MatrixXf similarity = random_similarity(3, 1);
    similarity(1, 2) = bad;
    CHECK_THROWS_AS(NearestClasses(similarity, 2), mao::NumericError);
  }
}
