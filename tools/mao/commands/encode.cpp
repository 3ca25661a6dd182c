// SPDX-License-Identifier: Apache-2.0
// mao encode: unit-length features of pictures and texts, by the frozen model or through learned prompts.
#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/matmul.h>

#include <mao/backbones/scorer.hpp>
#include <mao/data/detail/native_path.hpp>
#include <mao/io/text_file.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/prompts/templates.hpp>
#include <mao/version.hpp>
#include <mao/core/detail/ops.hpp>

#include "commands.hpp"
#include "data/class_names.hpp"
#include "data/feature_file.hpp"
#include "data/readable_images.hpp"
#include "interrupt.hpp"
#include "methods/method.hpp"
#include "numbers.hpp"
#include "output_file.hpp"
#include "report/csv_option.hpp"
#include "runs/progress.hpp"
#include "tune/idle_options.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;

struct EncodeOptions {
  std::vector<std::string> images;
  std::string images_file, texts_file, prompts, out;
  RunSettings settings;
  int threads = 2;
  bool truncate = false;
  CsvCells cells = CsvCells::Guarded;
};

/// Unit rows in fp32 on the CPU; lengths are taken in double precision, so that none overflows. **Throws**
/// `NumericError` naming the first row that has no direction; `names` are the rows'.
Tensor unit_rows(const Tensor& features, const char* kind, const std::string* names) {
  const Tensor rows = features.detach().cpu().to(at::kDouble);
  const Tensor unit = (rows / rows.norm(2, 1, true)).to(at::kFloat).contiguous();
  const Tensor finite = at::isfinite(unit).all(1);
  for (std::int64_t row = 0; row < unit.size(0); ++row) {
    require<NumericError>(finite[row].item<bool>(), "the features of the ", kind, " ", printable(names[row]),
                          " hold NaN or Inf, or are all 0; expected finite numbers. Look for such values in the weights"
                          " or the prompts, or use --precision fp32");
  }
  return unit;
}

/// A tower's features of one batch of pixels. **Shape** [B, 3, R, R] -> [B, D].
using ImageEncoder = std::function<Tensor(const Tensor& pixels)>;

/// Encodes batch by batch; of a batch that cannot be loaded, picture by picture.
class ImagesInBatches {
 public:
  ImagesInBatches(FeatureTable& table, std::vector<std::string> paths, const LoaderOptions& loader)
      : table_(table), paths_(std::move(paths)), source_(std::vector<fs::path>(paths_.begin(), paths_.end()), loader) {}

  /// **Throws** `DataError` when no picture could be read.
  void encode(const ImageEncoder& encoder, ProgressLine& progress) {
    const auto batches = evaluation_views(source_.size(), 16);
    source_.announce(batches);
    std::int64_t done = 0;
    for (const auto& views : batches) {
      encode_batch(views, encoder);
      done += std::ssize(views);
      progress.update("encode images", done, source_.size());
    }
    require<DataError>(!parts_.empty(), "none of the ", paths_.size(), " images could be read; the first, ",
                       printable(paths_.front()), ": ", table_.damaged.front().reason);
    table_.image_features = at::cat(parts_);
  }

 private:
  void encode_batch(const std::vector<View>& views, const ImageEncoder& encoder) {
    Tensor pixels;
    try {
      pixels = source_.load(views).pixels;
    } catch (const std::exception& problem) {
      if (views.size() > 1) {
        for (const View& view : views) encode_batch({view}, encoder);
      } else {
        const std::string reason = problem.what(), start = path_of(views.front()) + ": ";
        table_.damaged.push_back(
            {path_of(views.front()), reason.starts_with(start) ? reason.substr(start.size()) : reason});
      }
      return;
    }
    for (const View& view : views) table_.images.push_back(path_of(view));
    const std::string* names = &table_.images[table_.images.size() - views.size()];
    parts_.push_back(unit_rows(encoder(pixels), "image", names));
  }

  [[nodiscard]] const std::string& path_of(const View& view) const {
    return paths_[static_cast<std::size_t>(view.image)];
  }

  FeatureTable& table_;
  std::vector<std::string> paths_;
  FileImages source_;
  std::vector<Tensor> parts_;
};

/// Features of whole texts by the frozen model. **Shape** [T, D].
Tensor encoded_texts(const AnyModel& model, const std::vector<std::string>& texts, LongText longer,
                     ProgressLine& progress) {
  constexpr std::size_t few = 64;
  std::vector<Tensor> parts;
  for (std::size_t first = 0; first < texts.size(); first += few) {
    const std::size_t end = std::min(first + few, texts.size());
    const std::vector<std::string> some(texts.begin() + static_cast<std::ptrdiff_t>(first),
                                        texts.begin() + static_cast<std::ptrdiff_t>(end));
    parts.push_back(unit_rows(sentence_features(model, some, longer), "text", some.data()));
    progress.update("encode texts", static_cast<std::int64_t>(end), std::ssize(texts));
  }
  return at::cat(parts);
}

/// Warns where a method's scores are not the cosine of the features that are written.
void warn_of_own_scores(AnyBackbone& backbone, const Tensor& pixels, const std::string& method) {
  const Candidates all = Candidates::all(backbone.classes().size());
  const ImageBatch images{.pixels = pixels, .features = {}};
  const Tensor head = at::matmul(backbone.encode_image(images), backbone.encode_text(all).t()) * backbone.logit_scale();
  const double difference = (Scorer(backbone)(images) - head).abs().max().item<double>();
  if (difference < 1e-3 * backbone.logit_scale()) return;
  std::cerr << "note: " << method << " scores with more than the cosine of these features; `mao predict` gives its "
            << "answers\n";
}

/// The pictures of `--images`, then those of `--images-file`.
std::vector<std::string> paths_of(const EncodeOptions& options) {
  std::vector<std::string> paths;
  if (!options.images.empty()) paths = images_of(options.images);
  if (options.images_file.empty()) return paths;
  std::vector<std::string> listed;
  const std::string list = without_byte_order_mark(read_text_file(options.images_file), options.images_file);
  for (const std::string& line : lines_of(list)) {
    if (!line.empty()) listed.push_back(native_path({}, line));
  }
  require<DataError>(!listed.empty(), options.images_file, " names no image; expected one path per line");
  const std::vector<std::string> more = images_of(listed);
  paths.insert(paths.end(), more.begin(), more.end());
  return paths;
}

/// The texts of a file, one per line, unchanged.
std::vector<std::string> read_texts(const std::string& file) {
  std::vector<std::string> texts = lines_of(read_utf8_file(file));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    require<DataError>(texts[i].find_first_not_of(" \t") != std::string::npos, file, ": line ", i + 1,
                       " is empty; expected one text per line");
  }
  require<DataError>(!texts.empty(), file, " holds no texts; expected one per line");
  return texts;
}

/// How many texts are longer than the model's context. **Throws** `DataError` with file and line for a text that the
/// model cannot take.
std::int64_t check_texts(const AnyModel& model, const std::vector<std::string>& texts, const std::string& file,
                         LongText longer) {
  std::int64_t cut = 0;
  const std::int64_t frame = frame_tokens(model), most = model.context_length() - frame;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::int64_t length = 0;
    try {
      length = std::ssize(model.tokenize(texts[i]));
    } catch (const DataError& problem) {
      throw DataError(text_of(file, ": line ", i + 1, ": ", problem.what()));
    }
    require<DataError>(length <= most || longer == LongText::Cut, file, ": line ", i + 1, ": \"", printable(texts[i]),
                       "\" has ", length + frame, " tokens with ", frame_text(model), ", the model takes ",
                       most + frame, "; shorten it, or give --truncate to encode the first ", most,
                       has_start(model) ? " between the two" : " before it");
    if (length > most) ++cut;
  }
  return cut;
}

/// Fills the texts and gives what encodes images: the tower itself, or the method around it.
ImageEncoder through_prompts(const Prompts& prompts, const OpenedModel& opened, const std::string& texts_file,
                             FeatureTable& table) {
  const std::string& method = prompts.info.method;
  require<OptionError>(
      !is_joined(prompts),
      "these prompts are of several groups of classes, with a gate between them, so "
      "text features by themselves would not give their predictions; `mao predict` gives them, `mao export` the heads");
  ClassList classes = prompts.info.classes;
  if (!texts_file.empty()) classes = given_class_names(read_texts(texts_file), {});
  const auto backbone = std::make_shared<AnyBackbone>(restored_backbone(opened, prompts, classes));
  require<OptionError>(backbone->traits().class_features, method,
                       ": its text features depend on the image, so there are none to write; `mao predict` gives its "
                       "answers");
  table.texts = classes.names;
  table.text_features = unit_rows(backbone->encode_text(Candidates::all(classes.size())), "class", table.texts.data());
  return [backbone, method, warned = false](const Tensor& pixels) mutable {
    if (!std::exchange(warned, true)) warn_of_own_scores(*backbone, pixels, method);
    return backbone->encode_image({.pixels = pixels, .features = {}});
  };
}

/// Says what was written, `over` an earlier file or not, and which pictures were not.
int report(const FeatureTable& table, const std::string& out, const std::string& over) {
  std::cout << "wrote " << out << over << ":";
  const auto shape = [](const char* name, const Tensor& rows) {
    if (rows.defined()) std::cout << ' ' << name << ' ' << shape_text(rows.sizes());
  };
  shape("image_features", table.image_features);
  shape("text_features", table.text_features);
  std::cout << ", unit length\n" << std::flush;
  return report_damaged(table.damaged, table.damaged.size() + table.images.size());
}

int run(EncodeOptions options, const CLI::App& command) {
  check_feature_file(options.out);
  expect_not_read(options.out,
                  {options.images_file, options.texts_file, options.prompts, options.settings.model.model});
  expect_replaceable(options.out, "a file of `mao encode`", is_feature_file);
  if (fs::path(options.out).extension() != ".csv") {
    refuse_options(command, {"--plain-csv"}, options.out + " is not a CSV file");
  }
  require<OptionError>(!options.images.empty() || !options.images_file.empty() || !options.texts_file.empty() ||
                           !options.prompts.empty(),
                       "nothing to encode: give --images PATH..., --images-file FILE, --texts-file FILE, or --prompts "
                       "FILE for the classes of tuned prompts");
  const std::vector<std::string> paths = paths_of(options);
  std::optional<Prompts> prompts;
  if (!options.prompts.empty()) {
    prompts = open_prompts(options.prompts);
    take_model_of(*prompts, options.settings, names_model(command));
    refuse_options(command, {"--truncate"}, "with --prompts the texts are class names, which cannot be cut");
  } else if (options.texts_file.empty()) {
    refuse_options(command, {"--truncate"}, "there is no --texts-file");
  }
  refuse_idle_model_options(command, options.settings.model);
  if (paths.empty()) {
    const std::string none = "there are no images to encode (--images, --images-file)";
    refuse_options(command, {"--threads"}, none);
    if (!prompts) refuse_options(command, {"--mean", "--std"}, none);  // prompts are compared with them
  }
  FeatureTable table;
  if (!prompts && !options.texts_file.empty()) table.texts = read_texts(options.texts_file);
  const at::NoGradGuard frozen;
  stop_on_signals();  // not before: paths may come from the keyboard
  const OpenedModel opened = open_model(options.settings.model);
  table.about = {{"format", "mao-features"},
                 {"mao_version", version},
                 {"model", opened.model->fingerprint()},
                 {"precision", opened.precision},
                 {"preprocess", opened.pixels},
                 {"method", prompts ? prompts->info.method : "none"}};
  ProgressLine progress(std::cerr, ProgressLine::is_terminal());
  ImageEncoder encoder = [&](const Tensor& pixels) { return opened.model->encode_image(pixels); };
  if (prompts) {
    encoder = through_prompts(*prompts, opened, options.texts_file, table);
  } else if (!table.texts.empty()) {
    const LongText longer = options.truncate || opened.cuts_texts ? LongText::Cut : LongText::Refused;
    const std::int64_t cut = check_texts(*opened.model, table.texts, options.texts_file, longer);
    if (cut > 0 && !options.truncate) {
      std::cerr << "note: " << cut << " of " << table.texts.size() << " texts have more than the "
                << opened.model->context_length() << " tokens of this model; their last ones are left out, as its own "
                << "library does\n";
    }
    table.text_features = encoded_texts(*opened.model, table.texts, longer, progress);
  }
  if (!paths.empty()) {
    std::cout << "images: " << opened.pixels << "\n" << std::flush;
    LoaderOptions loader;
    loader.preprocess = opened.model->preprocess();
    loader.threads = options.threads;
    loader.cache_bytes = 0;
    ImagesInBatches(table, paths, loader).encode(encoder, progress);
  }
  progress.finish();
  const std::string over = over_earlier(options.out);
  write_features(options.out, table, options.cells);
  return report(table, options.out, over);
}

}  // namespace

void add_encode(CLI::App& app, int& status) {
  auto options = std::make_shared<EncodeOptions>();
  CLI::App* command = add_command(app, "encode", "write unit-length features of images and texts to a file");
  command
      ->add_option("--images", options->images,
                   "image files, folders of them (subfolders included), or - for paths on the standard input")
      ->type_name("PATH");
  command->add_option("--images-file", options->images_file, "text file, one path of an image or folder per line")
      ->type_name("FILE");
  command
      ->add_option("--texts-file", options->texts_file,
                   "text file, one text per line, without a template; with --prompts, one class name per line")
      ->type_name("FILE");
  command->add_flag(
      "--truncate", options->truncate,
      "cut texts that are longer than the model's context, as open_clip does; otherwise they are refused");
  command
      ->add_option("--prompts", options->prompts,
                   "a *.prompts.safetensors file of a run: texts are its classes, through the learned prompts")
      ->type_name("FILE");
  command
      ->add_option(
          "--out", options->out,
          "the file to write: .safetensors, .npz or .csv; it replaces an earlier file of mao encode and no other file")
      ->type_name("FILE")
      ->required();
  add_plain_csv(*command, options->cells);
  add_model_options(*command, options->settings.model);
  command->add_option("--threads", options->threads, "threads that decode images, beside the encoding itself (OMP_NUM_THREADS: the threads of that)")
      ->check(zero_or_above())
      ->capture_default_str();
  command->callback([options, command, &status] { status = run(*options, *command); });
}

}  // namespace mao_program
