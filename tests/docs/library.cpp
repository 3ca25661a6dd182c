// SPDX-License-Identifier: Apache-2.0
// The code of docs/reference that needs LibTorch, but for the methods, which are cut from examples/backbones.
// `scripts/check_docs.py --write` copies the parts to the pages. What needs no checkpoint runs here, on small models.
#include <filesystem>
#include <fstream>
#include <iostream>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/detail/own_gradient.hpp>
#include <mao/core/device.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/io/torch_archive.hpp>
#include <mao/io/torch_writer.hpp>
#include <mao/kernels/cuda/attention.hpp>
#include <mao/kernels/cuda/row_kernels.hpp>
#include <mao/labelers/ensemble_labelers.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/labelers/pool_labelers.hpp>
#include <mao/models/any_model.hpp>
#include <mao/models/cached_views.hpp>
#include <mao/models/bert_clip.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/resnet_clip.hpp>
#include <mao/models/row_frame.hpp>
#include <mao/models/siglip.hpp>
#include <mao/models/cuda_text_pass.hpp>
#include <mao/models/feature_cache.hpp>
#include <mao/models/on_device.hpp>
#include <mao/parallel/c10d_workers.hpp>
#include <mao/prompts/class_features.hpp>
#include <mao/prompts/descriptions.hpp>
#include <mao/prompts/template_file.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/sigmoid_loss.hpp>
#include <mao/sampling/prediction_negatives.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/text/mini_lm.hpp>
#include <mao/tuner/fit_gate.hpp>
#include <mao/tuner/joined_classifier.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/prompts_file.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/tuner/reference_checkpoint.hpp>

#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <support/text.hpp>

// Examples name what they make and do not go on to use it.
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wunused-result"
#pragma GCC diagnostic ignored "-Wunused-value"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wshadow"

namespace {

namespace fs = std::filesystem;
using mao::Tensor;
using ClipPointer = std::shared_ptr<const mao::Clip>;
using Images = mao::ImageSource;

/// A small CLIP with random weights.
ClipPointer toy_clip() {
  mao::ClipArchitecture sizes = mao::testing::toy_sizes();
  sizes.vocabulary = mao_test::small_tokenizer().size();
  sizes.context = 77;
  mao::TensorFile file{mao::testing::random_clip_weights(sizes, 3), {}};
  return std::make_shared<const mao::Clip>(mao::prepare_clip_weights(std::move(file), "random", {}, mao::ClipForm()),
                                           mao_test::small_tokenizer());
}

// ---- compiled alone: what needs a checkpoint of CLIP, a GPU, or several processes

Tensor scaled(const Tensor& x, const Tensor& value, const Tensor& slope) {
  using namespace mao;
  // [own_gradient]
  Tensor y = own_gradient(value, {x}, [=](const Tensor& gradient) { return std::vector<Tensor>{slope * gradient}; });
  // [end]
  return y;
}

void torch_archive() {
  // [torch_archive]
  auto clip = mao::read_torch_archive("ViT-B-16.pt");  // visual.conv1.weight, ...
  auto coop = mao::read_torch_archive("prompt_learner/model.pth.tar-50", {.strip_prefix = "state_dict."});
  coop.tensors.at("ctx");
  coop.metadata.at("epoch");  // "50"
  // [end]
}

void model(const Tensor& pixels) {
  // [model]
  const auto clip = std::make_shared<const mao::Clip>(mao::Clip::load("ViT-B-16.pt"));
  clip->encode_image(pixels);         // [B, 3, R, R] -> [B, D], not normalised
  clip->logit_scale();                // 100
  clip->preprocess();                 // resolution, mean, deviation
  clip->weights().sizes;              // ClipArchitecture
  clip->weights().activation_reason;  // one sentence for the log
  // [end]
}

std::shared_ptr<const mao::Siglip> siglip_model(const mao::ClassList& classes) {
  // [siglip]
  const auto siglip = std::make_shared<const mao::Siglip>(mao::Siglip::load("siglip-base-patch16-224"));
  mao::Maple maple(siglip, classes);
  siglip->start_token();  // -1: rows begin with their text
  siglip->logit_bias();   // about -13
  // [end]
  return siglip;
}

void bert_clip(const mao::ClassList& classes) {
  // [bert_clip]
  const auto biomed = std::make_shared<const mao::BertClip>(mao::BertClip::load("BiomedCLIP"));
  mao::Coop coop(biomed, classes);  // the learned context stands behind [CLS]
  biomed->context_length();         // 256
  // [end]
}

void sigmoid_loss(const mao::Siglip& siglip, mao::Coop<mao::Siglip>& coop, const mao::ImageBatch& images) {
  // [sigmoid]
  const mao::SigmoidLoss sigmoid({.bias = siglip.logit_bias()});
  const mao::Batch batch{.images = {0, 1, 2}, .labels = {7, 2, 7}, .weights = {}};
  const auto loss = sigmoid(coop.forward(images, sigmoid.candidates(batch, coop.classes())), batch);
  // [end]
  loss.backward();
}

mao::Tensor row_frame(const std::shared_ptr<const mao::Siglip>& siglip, const Tensor& context) {
  // [row_frame]
  const mao::Tensor rows = at::cat({mao::start_row(*siglip), context});  // [n, W] for SigLIP, [1 + n, W] for CLIP
  // [end]
  return rows;
}

void resnet(const Tensor& pixels, const mao::ClassList& classes) {
  // [resnet]
  const auto clip = std::make_shared<const mao::ResNetClip>(mao::ResNetClip::load("RN50.pt"));
  mao::Coop coop(clip, classes);
  clip->encode_image(pixels);  // [B, 3, 224, 224] -> [B, 1024], not normalised
  // [end]
}

void deep_prompts(const mao::Clip& clip, const mao::TextBatch& batch, const Tensor& pixels, const Tensor& deep,
                  const Tensor& tokens) {
  // [block_prompts]
  mao::Tensor text = clip.encode_text(batch, {{}, {.replacement = deep, .attended = {}}});  // new tokens before block 1
  mao::Tensor image = clip.encode_image(pixels, {.tokens = tokens, .deep = {}});
  // [end]
}

void feature_cache(const ClipPointer& clip, const fs::path& root, const std::vector<std::string>& paths,
                   Images& images) {
  // [feature_cache]
  const mao::FeatureCache cache(mao::FeatureCache::default_folder());
  const mao::FeatureKey key{
      .model = clip->fingerprint(), .preprocess = clip->preprocess(), .files = mao::identities_of(root, paths)};
  const mao::Tensor features = cache.of(key, [&] { return mao::FeatureImages::encode(*clip, images).features(); });
  // [end]
}

void workers(mao::Coop<mao::Clip>& coop, const mao::ClassList& classes, const std::vector<std::int64_t>& labels,
             Images& images) {
  // [workers]
  const std::shared_ptr<mao::Workers> workers = mao::workers_from_environment();  // parallel/c10d_workers.hpp
  auto tuner = mao::plain(coop, classes, labels, {.tuner = {.workers = workers}});
  tuner.fit(images);  // every process loads and computes its part of each batch; all end with the same prompts
  // [end]
}

void c10d_workers(mao::Coop<mao::Clip>& coop, const mao::ClassList& classes, const std::vector<std::int64_t>& labels,
                  Images& images) {
  // [c10d_workers]
  mao::PlainOptions options;
  options.tuner.workers = mao::workers_from_environment();
  mao::plain(coop, classes, labels, options).fit(images);  // torchrun --no-python --nproc_per_node 2 ./program
  // [end]
}

void two_steps(mao::Coop<mao::Clip>& coop, const ClipPointer& clip, const std::vector<std::int64_t>& labels,
               const mao::ClassList& base_classes, const mao::ClassList& new_classes, Images& base_images,
               Images& new_images) {
  // [recipes]
  auto base = mao::mao_base(coop, base_classes, labels, mao::MiniLm::load());
  base.fit(base_images);
  auto fresh = mao::mao_new(coop, new_images.size(), mao::ZeroShotLabeler(clip, new_classes));
  fresh.fit(new_images);
  // [end]
}

void protocol(mao::Coop<mao::Clip>& coop, const ClipPointer& clip, const mao::BaseToNewTask& task) {
  // [base_to_new]
  mao::BaseToNewOptions options;
  options.mao_base = mao::MaoBaseOptions{};
  options.mao_new = mao::MaoNewOptions{};
  const auto labeler = [&](auto& backbone) { return mao::ZeroShotLabeler(clip, backbone.classes()); };
  if (const auto result = mao::run_base_to_new(coop, task, mao::MiniLm::load(), labeler, options)) {
    std::cout << result->paper.base << ' ' << result->paper.fresh << ' ' << result->paper.h() << '\n';
  }
  // [end]
}

void sentences(const Tensor& ids) {
  // [mini_lm]
  const auto model = mao::MiniLm::load();
  const mao::Tensor rows = model.encode({"annual crop land", "permanent crop land"});  // [2, W], unit, no gradient
  const Eigen::MatrixXf cosines = model({"airplane"}, {"helicopter", "leopard"});      // [1, 2]: 0.592, 0.215

  // Differentiable in the word embeddings; two rows of 3 and 4 tokens, packed:
  const mao::Tensor words = mao::parameter(model.embed(ids));      // ids [7] -> [7, W]
  const mao::Tensor unit = model.encode_packed(words, {0, 3, 7});  // [2, W]
  // [end]
}

void reference_checkpoint(mao::Coop<mao::Clip>& coop) {
  // [reference_checkpoint]
  // Reads a checkpoint of their trainer into a backbone of ours; returns the epoch of the file.
  int epoch = mao::restore_from_reference(coop.parameters(), "theirs/prompt_learner/model.pth.tar-50", "coop");

  // Writes theirs/prompt_learner/model.pth.tar-60.
  auto path = mao::reference_file("theirs", "coop", 60);
  mao::export_parameters(coop.parameters(), "coop", 60, path);  // the folder must exist
  // [end]
}

void deploy() {
  // [deploy]
  const auto clip = std::make_shared<const mao::Clip>(mao::Clip::load("ViT-B-16.pt"));
  const mao::Prompts prompts = mao::load_prompts("run/seed1/new.prompts.safetensors");
  mao::Coop coop(clip, prompts.info.classes);
  mao::restore_backbone(coop, prompts, clip->fingerprint());

  mao::FileImages photos({"photo.jpg"}, {.preprocess = clip->preprocess(), .augment = {}});
  for (const std::int64_t best : mao::winners(mao::predict_logits(coop, prompts.info.classes, photos))) {
    std::cout << coop.classes().names[static_cast<std::size_t>(best)] << '\n';
  }
  // [end]
}

void joined(const std::shared_ptr<const mao::Clip>& clip, mao::Coop<mao::Clip> base, mao::Coop<mao::Clip> fresh,
            const mao::ClassList& all, mao::ImageSource& photos, const mao::GateImages& images) {
  // [joined]
  // base and fresh are bound to their classes; images: features of few shots (group 0) and unlabelled ones (group 1).
  const mao::GateFit fit = mao::fit_gate(images);
  mao::JoinedClassifier classifier(std::vector{base, fresh}, mao::LinearGate<mao::Clip>(clip, fit));
  for (const std::int64_t best : mao::winners(mao::predict_logits(classifier, all, photos))) {
    std::cout << all.names[static_cast<std::size_t>(best)] << " of group " << classifier.group_of(best) << '\n';
  }
  // [end]
}

void on_device(const fs::path& file, const mao::ClipTokenizer& tokenizer, const mao::ClassList& classes) {
  // [device]
  const c10::Device device = mao::cuda::device_named("cuda");
  // [end]
  // [on_device]
  mao::ClipWeights weights = mao::read_clip_weights(file);
  weights.tensors = mao::cuda::moved(std::move(weights.tensors), device);
  const auto model =
      std::make_shared<const mao::cuda::OnDevice<mao::Clip>>(mao::Clip(std::move(weights), tokenizer), device);
  mao::Coop coop(model, classes);
  mao::cuda::move_parameters(coop.parameters(), device);
  // [end]
}

void chosen_at_run_time(const mao::Clip& clip, const mao::ClassList& classes, bool tiny) {
  // [any_model]
  const auto model =
      std::make_shared<mao::AnyModel>(tiny ? mao::AnyModel(mao::testing::ToyModel()) : mao::AnyModel(clip));
  mao::Coop coop(model, classes);
  // [end]
}

void templates_of_a_file(std::shared_ptr<mao::Clip> clip, const mao::ClassList& classes) {
  // [template_file]
  mao::ZeroShot zero_shot(clip, classes, {.templates = mao::read_templates("templates.txt")});
  // [end]
}

void attention(const mao::TextBatch& batch, const Tensor& qkv, const Tensor& gradient, const c10::Device& device) {
  // [attention]
  using namespace mao::cuda;
  const auto layout = PackedAttention::of(
      {.groups = 1, .prefix = 5, .offsets = batch.offsets, .group = batch.group, .suffix = 0}, device);
  const auto parts = qkv.chunk(3, 1);
  const AttentionTensors tensors{parts[0], parts[1], parts[2], {}, {}, /*heads*/ 8};
  const AttendedRows attended = attention_forward(tensors, layout);
  const Tensor qkv_gradient = attention_backward(gradient, tensors, attended, layout).qkv;
  // [end]
}

void rows(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& normed_gradient,
          const Tensor& residual_gradient) {
  using namespace mao::cuda;
  // [row_kernels]
  const NormedRows normed = layer_norm_forward(x, weight, bias, at::kBFloat16);
  const Tensor x_gradient = layer_norm_backward(normed_gradient, x, weight, normed, residual_gradient);
  // [end]
}

Tensor text_pass(const std::vector<mao::Block>& blocks, const mao::TextBatch& batch, const mao::BlockPrompts& prompts,
                 const Tensor& prefix, const Tensor& suffix) {
  using namespace mao::cuda;
  // [text_pass]
  if (TextPass::can_take(blocks, batch, prompts)) return encode_rows(blocks, batch, prompts, prefix, suffix);
  // [end]
  return {};
}

}  // namespace

// ---- what runs

TEST_CASE("core: tensor files", "[docs]") {
  const mao_test::TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const Tensor ctx = at::ones({4, 8});
  {
    // [safetensors]
    mao::write_safetensors("prompts.safetensors", {{"ctx", ctx}}, {{"method", "CoOp"}, {"epoch", "50"}});
    mao::TensorFile file = mao::read_safetensors("prompts.safetensors");
    file.tensors.at("ctx");  // shares the mapped file, keeps it alive, may be written to
    file.metadata.at("method");
    // [end]
    CHECK(file.metadata.at("epoch") == "50");
  }
  // [torch_writer]
  const mao::TensorMap state{{"ctx", ctx}};
  mao::write_torch_archive("model.pth.tar-50", {{"state_dict", state}, {"epoch", 50}, {"optimizer", {}}});
  mao::write_torch_archive("prompts.pth", state);  // only a state dict
  // [end]
  CHECK(mao::read_torch_archive("prompts.pth").tensors.at("ctx").equal(ctx));
  fs::current_path(before);
}

TEST_CASE("training on a small model", "[docs]") {
  const auto clip = toy_clip();
  const mao::ClassList classes = mao::testing::toy_classes(8);
  const mao::testing::ToyImages data(8, 4, 1), new_data(8, 4, 2);
  mao::TensorImages images(data.pixels), new_images(new_data.pixels);
  const auto& labels = data.labels;

  // [prompt_tuner]
  mao::Coop coop(clip, classes);
  mao::PromptTuner tuner(coop, mao::ShuffledSampler(labels, classes, {.batch = 32}), mao::CrossEntropy{},
                         mao::CosineSchedule({.epochs = 20, .learning_rate = 0.002}));
  tuner.fit(images);  // images: an ImageSource; the sampler's positions refer to it
  // [end]
  {
    Images& train = images;
    // [prediction_negatives]
    const auto logits = mao::as_matrix(mao::predict_logits(coop, classes, train));  // mao/tuner/predict.hpp
    const mao::PredictionNegatives negatives(labels, classes, logits, {.batch = 4, .k = 8});
    // [end]
  }
  {
    const mao::ImageBatch seen = images.load({{.image = 0}, {.image = 1}, {.image = 2}});
    const auto& images = seen;
    // [alterable]
    const mao::AlterableRegularizer reg_b;
    const mao::Batch batch{.images = {0, 1, 2}, .labels = {7, 2, 7}, .weights = {}};
    const auto candidates = reg_b.candidates(batch, coop.classes());  // 7, 2
    const auto loss = reg_b(coop.forward(images, candidates), batch);
    loss.backward();
    // [end]
    CHECK(candidates.ids == std::vector<std::int64_t>{7, 2});
  }
  {
    const mao::ClassList& new_classes = classes;
    Images& images = new_images;
    {
      // [ensemble_labelers]
      mao::Coop tuned(clip, new_classes);  // with what the base stage learned
      mao::AverageLabeler labeler(mao::ZeroShot(clip, new_classes), tuned);
      auto step = mao::mao_new(coop, images.size(), std::move(labeler));
      // [end]
    }
    mao::Coop tuned(clip, new_classes);
    // [pool_labelers]
    mao::SelectingLabeler labeler(mao::ZeroShot(clip, new_classes), tuned, images);
    std::cout << (labeler.chose_tuned() ? "tuned" : "frozen") << '\n';
    // [end]
  }
  {
    mao::ZeroShotLabeler labeler(clip, classes);
    const std::int64_t image_count = images.size();
    const auto load = [&](const mao::Batch& batch) {
      std::vector<mao::View> views;
      for (const std::int64_t image : batch.images) views.push_back({.image = image});
      return images.load(views);
    };
    // [pseudo_label]
    mao::PseudoLabelSampler sampler(image_count, labeler, {.batch = 32, .threshold = 0.5});
    mao::Rng rng(1);
    for (mao::Batch& batch : sampler.epoch(rng)) {
      sampler.label(batch, load(batch));  // the tuner does this
    }
    // [end]
  }
}

TEST_CASE("prompts and views of a small model", "[docs]") {
  const auto clip = toy_clip();
  const mao::ClassList classes{{"circle", "square", "star", "ring", "cross"}};
  const int side = clip->preprocess().resolution;
  const Tensor pixels = at::randn({2, 3, side, side});
  {
    // [coop]
    mao::Coop coop(clip, mao::ClassList{{"cat", "big_dog"}});
    const auto output = coop.forward({.pixels = pixels, .features = {}}, mao::Candidates::all(2));  // logits [B, 2]
    coop.bind(mao::ClassList{{"owl", "red fox", "newt"}});  // keeps what was learned
    // [end]
    CHECK(output.logits.size(1) == 2);
  }
  {
    // [vision_tower]
    clip->vision_tower().encode(pixels, {}, [](const std::string& name, const mao::Tensor& value) {
      std::cout << name << ' ' << mao::shape_text(value.sizes()) << '\n';
    });
    // [end]
  }
  {
    // [context]
    const auto phrase = mao::ContextPhrase::words("a photo of a");
    const mao::ContextPrompt<mao::Clip> prompt(*clip, classes, phrase, mao::ClassPosition::End);
    const auto context = mao::parameter(mao::phrase_embedding(*clip, phrase));
    const auto text = clip->encode_text(prompt.assemble(context, mao::Candidates{{4, 0}}));  // [2, D]
    // [end]
    CHECK(text.size(0) == 2);
  }
  // [class_features]
  const auto teacher = mao::frozen_class_features(*clip, classes, {"a photo of a {}, a type of pet."});
  // [end]
  CHECK(teacher.size(0) == 5);
  // [descriptions]
  const auto bank = mao::description_features(*clip, classes, mao::descriptions_of_templates({"a {}.", "two {}."}));
  // [end]
  CHECK(bank.size(0) == 2);

  mao::Coop coop(clip, classes);
  auto tuner = mao::plain(coop, classes, {0, 1}, {.batch = 2, .schedule = {.epochs = 2}, .tuner = {.augment = true}});
  std::unique_ptr<Images> files = std::make_unique<mao::TensorImages>(pixels);
  // [cached_views]
  const mao::Tensor features =
      mao::CachedViews::encode(*clip, *files, 4, /*seed=*/1);  // files: unique_ptr<ImageSource>
  mao::CachedViews images(std::move(files), features, 1, /*pixels=*/false);
  tuner.fit(images);  // TunerOptions{.augment = true}
  // [end]
  CHECK(tuner.state().epochs_done == 2);
}
