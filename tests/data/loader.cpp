// SPDX-License-Identifier: Apache-2.0
#include <mao/data/loader.hpp>

#include <mao/core/error.hpp>
#include <mao/data/decode.hpp>
#include <mao/data/detail/transform.hpp>

#include <algorithm>
#include <memory>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/temporary_folder.hpp>
#include <thread>
#include <vector>

namespace {

using Views = std::vector<mao::View>;

struct Pictures {
  mao_test::TemporaryFolder folder;
  std::vector<std::filesystem::path> files;

  explicit Pictures(int count) {
    for (int i = 0; i < count; ++i) {
      files.push_back(folder / (std::to_string(i) + ".png"));
      mao_test::write_png(files.back(), mao_test::random_image(20 + i, 17, static_cast<std::uint64_t>(i)));
    }
  }
};

mao::LoaderOptions options(int threads, std::size_t cache = 1 << 20) {
  return {.preprocess = {.resolution = 8}, .augment = {}, .threads = threads, .cache_bytes = cache, .batches_ahead = 2};
}

std::vector<Views> some_batches(std::int64_t images, int count) {
  mao::Rng rng(17);
  std::vector<Views> batches;
  for (int i = 0; i < count; ++i) {
    auto& views = batches.emplace_back();
    for (int j = 0; j < 5; ++j) {
      views.push_back(
          {static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(images))), rng.bits(), j % 2 == 0});
    }
  }
  return batches;
}

std::vector<float> loaded(mao::Loader& loader, const Views& views) {
  std::vector<float> out(views.size() * 3 * 8 * 8);
  loader.load(views, out.data());
  return out;
}

}  // namespace

TEST_CASE("pixels depend on the views alone: not on threads, announcements or the cache", "[loader]") {
  const Pictures pictures(6);
  const auto batches = some_batches(6, 12);
  mao::Loader plain(pictures.files, options(0, 0));
  std::vector<std::vector<float>> expected;
  for (const auto& views : batches) expected.push_back(loaded(plain, views));
  for (const int threads : {0, 1, 4}) {
    for (const std::size_t cache : {std::size_t{0}, std::size_t{2500}, std::size_t{1} << 20}) {
      mao::Loader loader(pictures.files, options(threads, cache));
      loader.announce(batches);
      for (std::size_t i = 0; i < batches.size(); ++i) CHECK(loaded(loader, batches[i]) == expected[i]);
      CHECK(loaded(loader, batches[3]) == expected[3]);
    }
  }
}

TEST_CASE("a batch may be skipped, or come unannounced in between", "[loader]") {
  const Pictures pictures(4);
  const auto batches = some_batches(4, 8);
  mao::Loader plain(pictures.files, options(0));
  mao::Loader loader(pictures.files, options(2));
  loader.announce({batches.begin(), batches.begin() + 6});
  for (const std::size_t i : {0U, 7U, 1U, 4U, 5U, 6U, 2U})
    CHECK(loaded(loader, batches[i]) == loaded(plain, batches[i]));
  CHECK(loaded(loader, {}).empty());
}

TEST_CASE("the first view's transform is the library's own", "[loader]") {
  const Pictures pictures(2);
  mao::Loader loader(pictures.files, options(1));
  std::vector<float> expected(3 * 8 * 8);
  const auto image = mao_test::random_image(21, 17, 1);
  mao::evaluation_view(image, loader.options().preprocess, expected.data());
  CHECK(loaded(loader, {{.image = 1}}) == expected);
  mao::augmented_view(image, loader.options().preprocess, {}, mao::Rng(77), expected.data());
  CHECK(loaded(loader, {{.image = 1, .key = 77, .augment = true}}) == expected);
}

// Waits for the workers, not for a time: were they not to fill the queue again, this would not end.
TEST_CASE("workers fill the queue by themselves and again after each load", "[loader]") {
  const Pictures pictures(4);
  const auto batches = some_batches(4, 6);
  mao::Loader loader(pictures.files, options(2));
  CHECK(loader.ready_batches() == 0);
  loader.announce(batches);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto left = static_cast<std::int64_t>(batches.size() - i);
    while (loader.ready_batches() < std::min<std::int64_t>(2, left)) std::this_thread::yield();
    CHECK(loader.ready_batches() == std::min<std::int64_t>(2, left));
    loaded(loader, batches[i]);
  }
  CHECK(loader.ready_batches() == 0);
}

TEST_CASE("a bad file is reported by the load that needs it, and only by that", "[loader]") {
  Pictures pictures(4);
  pictures.files[2] = pictures.folder.write("cut.png", "\x89PNG\r\n\x1a\n\0\0");
  pictures.files[3] = pictures.folder / "absent.jpg";
  for (const int threads : {0, 3}) {
    mao::Loader loader(pictures.files, options(threads));
    loader.announce({{{0}, {2}, {3}}, {{1}}});
    CHECK_THROWS_WITH(loaded(loader, {{0}, {2}, {3}}), ContainsSubstring("cut.png"));
    CHECK(loaded(loader, {{1}}).size() == 192);
    CHECK_THROWS_AS(loaded(loader, {{3}}), mao::FileError);
  }
}

TEST_CASE("numbers outside and senseless settings are refused", "[loader]") {
  const Pictures pictures(2);
  mao::Loader loader(pictures.files, options(1));
  CHECK_THROWS_AS(loaded(loader, {{2}}), mao::OptionError);
  CHECK_THROWS_AS(loader.announce({{{-1}}}), mao::OptionError);
  CHECK_THROWS_AS(mao::Loader(pictures.files, options(-1)), mao::OptionError);
}

TEST_CASE("a loader can go with work announced and not done", "[loader]") {
  const Pictures pictures(5);
  for (int round = 0; round < 20; ++round) {
    const auto loader = std::make_unique<mao::Loader>(pictures.files, options(3));
    loader->announce(some_batches(5, 10));
    if (round % 2 == 0) loaded(*loader, some_batches(5, 1)[0]);
  }
}

TEST_CASE("a loader puts white behind images where the preprocessing does", "[loader]") {
  const auto file = mao_test::image_golden("alpha.png");
  for (const auto transparency : {mao::Transparency::drop, mao::Transparency::white}) {
    mao::LoaderOptions settings = options(0);
    settings.preprocess.transparency = transparency;
    mao::Loader loader({file}, settings);
    std::vector<float> expected(3 * 8 * 8);
    mao::evaluation_view(mao::read_image(file, transparency), settings.preprocess, expected.data());
    CHECK(loaded(loader, {{.image = 0}}) == expected);
  }
}
