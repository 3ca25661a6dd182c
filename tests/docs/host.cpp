// SPDX-License-Identifier: Apache-2.0
// The code of docs/reference that needs no LibTorch. `scripts/check_docs.py --write` copies the parts to the pages;
// those that need nothing but a folder of pictures also run here.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <mao/core/detail/ops.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/detail/cpython_random.hpp>
#include <mao/data/detail/transform.hpp>
#include <mao/data/few_shot.hpp>
#include <mao/data/few_shot_pickle.hpp>
#include <mao/data/folder.hpp>
#include <mao/data/loader.hpp>
#include <mao/data/named.hpp>
#include <mao/data/open.hpp>
#include <mao/evaluation/all_classes.hpp>
#include <mao/evaluation/metrics.hpp>
#include <mao/evaluation/wilcoxon.hpp>
#include <mao/io/detail/bytes.hpp>
#include <mao/io/detail/pickle.hpp>
#include <mao/io/files.hpp>
#include <mao/sampling/file_similarity.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/sampling/similarity.hpp>
#include <mao/schedules/constant.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/schedules/step.hpp>
#include <mao/text/bpe.hpp>
#include <mao/text/clean.hpp>
#include <mao/text/detail/merges.hpp>
#include <mao/text/detail/tokenizer_settings.hpp>
#include <mao/text/piece_tokenizer.hpp>
#include <mao/text/vocabulary.hpp>
#include <mao/text/word_piece.hpp>

#include "datasets/check_files.hpp"
#include "report/base64.hpp"
#include "report/dassl_log.hpp"
#include "report/encode_png.hpp"
#include "runs/json_checksum.hpp"
#include "runs/lease.hpp"
#include "runs/progress.hpp"
#include "runs/run_folder.hpp"
#include "runs/tensorboard.hpp"

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>

// Examples name what they make and do not go on to use it.
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wunused-result"

namespace {

namespace fs = std::filesystem;

void use(const std::vector<std::int64_t>& images, const std::vector<std::int64_t>& labels) {
  CHECK(images.size() == labels.size());
}

/// The relative paths of the examples, in a folder of their own.
struct InFolder {
  mao_test::TemporaryFolder temporary;
  fs::path before = fs::current_path();
  InFolder() { fs::current_path(temporary.path()); }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;
  ~InFolder() { fs::current_path(before); }
};

// Ten pictures of each of four classes.
mao::Dataset pictures() {
  for (const char* name : {"cat", "dog", "fox", "owl"}) {
    for (int i = 0; i < 10; ++i) {
      const fs::path file = fs::path("photos") / name / (std::to_string(i) + ".png");
      fs::create_directories(file.parent_path());
      const std::vector<std::uint8_t> png = mao::encode_png(mao::Image(32, 32));
      std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(png.data()), std::ssize(png));
    }
  }
  return mao::open_dataset("photos");
}

}  // namespace

TEST_CASE("core: draws, files, locks", "[docs]") {
  const InFolder folder;
  // [cpython_random]
  mao::CPythonRandom random(1);
  std::vector<std::size_t> chosen = random.sample(50, 16);  // 8 36 4 16 7 31 ... as random.sample(range(50), 16)
  // [end]
  CHECK(chosen[1] == 36);
  const std::string report = "{}";
  // [files]
  mao::write_file_atomically("report.json", [&](std::ostream& out) { out << report; });
  // [end]
  CHECK(mao::read_text_file("report.json") == "{}");

  int left = 3;
  const auto work_is_left = [&] { return left > 0; };
  const auto work = [&] { --left; };
  fs::create_directory("runs");
  // [lease]
  mao::LeaseWatch watch;                                             // remembers signs of life of other holders
  if (auto lease = mao::Lease::try_take("runs/coop.lock", watch)) {  // std::optional: only one process gets it
    while (work_is_left() && lease->held()) work();  // a thread gives signs of life; false after a takeover
  }                                                  // released
  // [end]
  CHECK(left == 0);
}

TEST_CASE("core: a pickle", "[docs]") {
  MAO_SKIP_UNLESS(fs::exists("split_fewshot/shot_16-seed_1.pkl"),
                  "compiled alone: a saved draw belongs to its data set");
  // [pickle]
  auto content = mao::map_bytes("split_fewshot/shot_16-seed_1.pkl");
  auto root = mao::parse_pickle(content.span(), content.name);
  auto train = root.at("train");
  for (std::size_t i = 0; i < train.size(); ++i) {
    std::cout << train[i].at("_impath").text() << ' ' << train[i].at("_label").integer() << '\n';
  }
  // [end]
}

TEST_CASE("data: a folder of images, from files to pixels", "[docs]") {
  const InFolder folder;
  static_cast<void>(pictures());
  // [open]
  const mao::Dataset dataset = mao::open_dataset("photos");
  for (const auto& file : mao::missing_files(dataset)) std::cerr << file << '\n';
  // [end]
  CHECK(dataset.classes.size() == 4);
  {
    // [check_files]
    const auto report = mao::check_files(dataset, {.check = mao::ImageCheck::decode});  // on all CPUs
    for (const auto& problem : report.problems) std::cerr << problem.path << ": " << problem.detail << '\n';
    // [end]
    CHECK(report.problems.empty());
  }
  // [base_new]
  const auto [base, fresh] = mao::split_base_new(mao::few_shot_dataset(dataset, 16, 1));
  // [end]
  CHECK(base.classes.size() + fresh.classes.size() == 4);
  {
    const std::vector<std::vector<mao::View>> batches{{{.image = 0}, {.image = 1}}};
    // [loader]
    mao::Loader loader(mao::files_of(dataset, dataset.train));
    loader.announce(batches);  // std::vector<std::vector<mao::View>>
    for (const auto& views : batches) {
      std::vector<float> pixels(views.size() * 3 * 224 * 224);
      loader.load(views, pixels.data());  // [B, 3, R, R]; take(views) hands its own memory over
    }
    // [end]
  }
  fs::copy_file("photos/cat/1.png", "cat.jpg");
  // [transform]
  std::vector<float> pixels(3 * 224 * 224);
  mao::evaluation_view(mao::read_image("cat.jpg"), mao::Preprocess{}, pixels.data());
  // [end]
  const mao::Image photo = mao::read_image("cat.jpg");
  // [encode_png]
  const std::string thumbnail = mao::data_uri("image/png", mao::encode_png(photo));
  // [end]
  CHECK(thumbnail.starts_with("data:image/png;base64,"));
}

TEST_CASE("data: what needs the published data sets", "[docs]") {
  MAO_SKIP_UNLESS(fs::exists("DATA"), "compiled alone: needs the data sets");
  // [named]
  const mao::Dataset pets = mao::open_named("oxford_pets", "DATA");  // DATA/oxford_pets/split_zhou_OxfordPets.json
  const std::string sentence(mao::named_dataset("OxfordPets").zero_shot_template);
  const mao::Dataset sketches = mao::open_named("imagenet_sketch", "DATA");  // sketches.train is empty
  // [end]
  const mao::Dataset dataset = mao::open_dataset("DATA/caltech-101");
  // [few_shot_pickle]
  const std::filesystem::path draw = "DATA/caltech-101/split_fewshot/shot_16-seed_1.pkl";
  const mao::FewShot drawn = mao::read_few_shot_pickle(draw, dataset);
  // [end]
  // [folder]
  mao::FolderOptions options;
  options.class_names = mao::read_class_names("imagenet/classnames.txt");
  options.same_names = mao::SameNames::accept;
  const auto imagenet = mao::read_folder("imagenet/images", options);
  // [end]
}

TEST_CASE("text: the vocabularies that are installed", "[docs]") {
  const InFolder folder;
  // [clean]
  mao::clean_text(" Colt’s\tFOOT &amp; cafÃ© ");  // "colt's foot & café"
  // [end]
  CHECK(mao::clean_text(" Colt’s\tFOOT &amp; cafÃ© ") == "colt's foot & café");
  {
    // [merges]
    mao::write_merges({{"l", "o"}, {"lo", "w</w>"}}, "merges.txt");
    const mao::ClipTokenizer small(mao::read_merges("merges.txt"));  // with text/bpe.hpp
    // [end]
    CHECK(small.encode("low").size() == 1);
  }
  {
    std::filesystem::create_directory("siglip-base-patch16-224");
    std::filesystem::copy_file(mao_test::source_dir() + "/tests/text/golden/pieces/unigram.model",
                               "siglip-base-patch16-224/spiece.model");
    // [pieces]
    const auto tokenizer = mao::PieceTokenizer::load("siglip-base-patch16-224");
    tokenizer.encode("a photo of a cat.");  // without the end token
    tokenizer.row("a photo of a cat.");     // ids, end token, padding: 64 ids
    // [end]
    CHECK(tokenizer.row("a photo of a cat.").size() == 64);
  }
  try {
    static_cast<void>(mao::find_clip_vocabulary());
    static_cast<void>(mao::find_mini_lm());
  } catch (const mao::FileError&) {
    MAO_SKIP_UNLESS(false, "the vocabularies are not installed");
  }
  // [bpe]
  const auto tokenizer = mao::ClipTokenizer::load(mao::find_clip_vocabulary());
  tokenizer.encode("a photo of a cat.");      // 320 1125 539 320 2368 269
  tokenizer.row("a photo of a cat.");         // 49406 320 ... 269 49407 0 0 ...: 77 ids
  tokenizer.decode(tokenizer.encode("Cat"));  // "cat "
  // [end]
  CHECK(tokenizer.encode("a photo of a cat.") == std::vector<std::int64_t>{320, 1125, 539, 320, 2368, 269});
  CHECK(tokenizer.decode(tokenizer.encode("Cat")) == "cat ");
  // [tokenizer_settings]
  mao::check_tokenizer_settings("clip-vit-base-patch32");  // does not throw: the tokenizer is CLIP's
  // [end]
  // [vocabulary]
  const auto vocabulary = mao::find_clip_vocabulary({}, "ViT-B-16.pt");
  const auto model = mao::find_mini_lm();
  // [end]
  // [word_piece]
  const auto word_piece = mao::WordPiece::load(mao::find_mini_lm());
  word_piece.encode("airplane");       // 101 13297 102: [CLS] ... [SEP], at most 256 ids
  word_piece.encode_bare("airplane");  // 13297
  // [end]
  CHECK(word_piece.encode("airplane") == std::vector<std::int64_t>{101, 13297, 102});
}

TEST_CASE("sampling: batches from labels and names", "[docs]") {
  const InFolder folder;
  {
    // [shuffled]
    const mao::ShuffledSampler sampler({0, 0, 1, 1, 2, 2}, mao::ClassList{{"pug", "beagle", "boxer"}}, {.batch = 2});
    mao::Rng rng(1);
    for (const mao::Batch& batch : sampler.epoch(rng)) use(batch.images, batch.labels);
    // [end]
  }
  std::ofstream("pets_similarity.json")
      << R"({"names": ["pug", "beagle", "boxer"], "similarity": [[1, 0.4, 0.6], [0.4, 1, 0.3], [0.6, 0.3, 1]]})";
  const mao::ClassList classes{{"pug", "beagle", "boxer"}};
  const std::vector<std::int64_t> labels{0, 0, 1, 1, 2, 2};
  {
    // [file_similarity]
    const mao::FileSimilarity similarity("pets_similarity.json");
    const Eigen::MatrixXf cosines = similarity({"pug"}, {"beagle", "boxer"});  // [1, 2]
    // [end]
    CHECK(cosines(0, 1) == Approx(0.6));
    // [similarity]
    const mao::NearestClasses nearest(mao::class_similarity(classes, similarity), 2);
    for (const std::int64_t id : nearest.of(0)) std::cout << classes.names[id] << '\n';
    // [end]
  }
  // [hard_negative]
  const mao::BatchShape shape = mao::automatic_batch(classes.size());
  const mao::HardNegativeSampler sampler(labels, classes, mao::FileSimilarity("pets_similarity.json"),
                                         {.batch = shape.batch, .k = shape.k});
  if (!shape.warning.empty()) std::cerr << shape.warning << '\n';
  mao::Rng rng(1);
  for (const mao::Batch& batch : sampler.epoch(rng)) use(batch.images, batch.labels);
  // [end]
}

TEST_CASE("schedules and evaluation", "[docs]") {
  {
    // [cosine]
    const mao::CosineSchedule schedule({.epochs = 5});
    for (int epoch = 0; epoch < schedule.epochs(); ++epoch) std::cout << schedule.learning_rate(epoch) << '\n';
    // 1e-05  0.0035  0.00316578  0.00229078  0.00120922
    // [end]
    CHECK(schedule.learning_rate(4) == Approx(0.00120922).epsilon(1e-5));
  }
  {
    // [step]
    const mao::StepSchedule schedule({.epochs = 5, .milestones = {1, 3}});
    for (int epoch = 0; epoch < schedule.epochs(); ++epoch) std::cout << schedule.learning_rate(epoch) << '\n';
    // 1e-05  0.0035  0.00035  0.00035  3.5e-05
    // [end]
    CHECK(schedule.learning_rate(4) == Approx(3.5e-5));
  }
  {
    // [constant]
    const mao::ConstantSchedule schedule({.epochs = 3, .learning_rate = 0.01});
    // [end]
    CHECK(schedule.epochs() == 3);
  }
  // [metrics]
  const mao::Metrics base = mao::measure({0, 2, 1}, {0, 0, 1}, mao::ClassList{{"cat", "dog", "fox"}});
  std::cout << base.accuracy << '\n';                            // 66.6667
  std::cout << mao::harmonic_mean(base.accuracy, 75.0) << '\n';  // 70.5882
  const mao::MeanStd seeds = mao::mean_std({81.9, 82.3, 82.1});  // 82.1, 0.2
  // [end]
  CHECK(mao::harmonic_mean(base.accuracy, 75.0) == Approx(70.5882).epsilon(1e-5));
  CHECK(seeds.deviation == Approx(0.2));
  // [all_classes]
  Eigen::MatrixXf logits(3, 3);  // of images of a cat, a dog (base classes) and a fox (new)
  logits << 3, 1, 2,             //
      1, 2, 3,                   //
      2, 0, 2.5F;
  const mao::AllClassMetrics all = mao::measure_all_classes(mao::best_of_halves(logits, {0, 1, 2}, 2));
  std::cout << all.base << ' ' << all.fresh << ' ' << all.h << ' ' << all.openworld_auc << '\n';  // 50 100 66.6667 50
  // [end]
  CHECK(all.base == 50);
  CHECK(all.h == Approx(66.6667).epsilon(1e-5));
  CHECK(all.openworld_auc == 50);
  // [wilcoxon]
  const std::vector<double> ours{78.2, 98.6, 95.4, 80.8, 98.4}, theirs{77.0, 98.3, 94.3, 79.1, 98.0};
  const mao::SignedRanks test = mao::wilcoxon(ours, theirs);
  std::cout << test.negative << ' ' << test.greater << ' ' << test.two_sided << '\n';  // 0 0.03125 0.0625
  // [end]
  CHECK(test.two_sided == 0.0625);
}

TEST_CASE("report: what a run leaves", "[docs]") {
  const InFolder folder;
  const int epochs_done = 3;
  // [run_folder]
  const mao::RunFolder run("runs/coop-1", {{"method", "coop"}, {"seed", 1}});
  run.forget_metrics([&](const auto& line) { return line["epoch"] >= epochs_done; });
  run.metric({{"epoch", 3}, {"loss", 1.25}});
  run.save("results.json", {{"h", 78.4}});
  // [end]
  CHECK(run.read("results.json")["h"] == 78.4);
  // [json_checksum]
  const std::string text = mao::checked_json_text({{"h", 78.4}}, 2);  // indented by 2
  auto value = nlohmann::json::parse(text);
  const mao::JsonCheck check = mao::take_checksum(value);  // removes it from the value
  if (!check.right()) std::cerr << check.text() << '\n';
  // [end]
  CHECK(value == nlohmann::json{{"h", 78.4}});
  const auto encode = [](std::int64_t) {};
  const std::int64_t count = 3;
  // [progress]
  mao::ProgressLine progress(std::cerr, mao::ProgressLine::is_terminal());
  for (std::int64_t i = 0; i < count; ++i) {
    encode(i);
    progress.update("encode", i + 1, count);  // encode [======                  ] 50/200, 12 s left
  }
  progress.finish();
  // [end]
  struct {
    double loss = 1, learning_rate = 0.1;
  } const report;
  const int step = 1;
  // [tensorboard]
  mao::TensorBoard board("runs/coop-1/seed1/tensorboard");
  board.scalar("train/loss", step, report.loss);
  board.scalar("train/lr", step, report.learning_rate);
  // [end]
  std::ostringstream log;
  // [dassl_log]
  for (const auto& line : mao::dassl_result_lines({.total = 2465, .correct = 2300, .macro_f1 = 92.9}))
    log << line << "\n";
  // [end]
  CHECK_THAT(log.str(), ContainsSubstring("* accuracy: 93.31%"));
}
