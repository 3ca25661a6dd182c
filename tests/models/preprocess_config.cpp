// SPDX-License-Identifier: Apache-2.0
#include <mao/models/preprocess_config.hpp>
#include <mao/data/detail/transform.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using mao_test::TemporaryFolder;

namespace {

/// The picture of these sizes that the other libraries were shown.
Image picture(int columns, int rows) {
  Image image(columns, rows);
  auto* byte = image.pixels.data();
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const int grey = x * x * 7 + y * 13 * (x + 3) + y * y * 5;
      for (int c = 0; c < 3; ++c) *byte++ = static_cast<std::uint8_t>((grey + c * 59) % 256);
    }
  }
  return image;
}

using Numbers = std::array<float, 5>;

/// Five numbers of the evaluation view of 8 x 8.
Numbers view(const Image& image, const Preprocess& preprocess) {
  std::vector<float> out(3 * 8 * 8);
  evaluation_view(image, preprocess, out.data());
  return {out[0], out[29], out[64 + 56], out[128 + 63], out[128 + 22]};
}

double difference(const Numbers& left, const Numbers& right) {
  double most = 0;
  for (std::size_t i = 0; i < left.size(); ++i) most = std::max<double>(most, std::fabs(left[i] - right[i]));
  return most;
}

struct PeerView {
  const char* config;
  Numbers wide, tall;  ///< of 18 x 13 and 13 x 22 pixels
};

Preprocess open_clip_view(const char* json, int resolution = 8) {
  return read_open_clip_preprocess(nlohmann::json::parse(json), "a.json: ", resolution);
}
Preprocess hugging_face_view(const char* json, int resolution = 8) {
  return read_hugging_face_preprocess(nlohmann::json::parse(json), "b.json: ", resolution);
}

template <class Read>
void check_cases(const std::vector<PeerView>& cases, const Read& read) {
  for (const PeerView& peer : cases) {
    CAPTURE(peer.config);
    CHECK(difference(view(picture(18, 13), read(peer.config, 8)), peer.wide) < 3e-7);
    CHECK(difference(view(picture(13, 22), read(peer.config, 8)), peer.tall) < 3e-7);
  }
}

}  // namespace

TEST_CASE("pixels under open_clip's preprocess_cfg are open_clip's", "[preprocess_config]") {
  const std::vector<PeerView> cases{
      {R"({"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.5], "size": 8})",
       {-0.02941176F, -1.26470589F, 1.396078467F, 0.341176450F, 0.686274528F},
       {0.617647171F, -0.85294109F, 1.286274552F, 0.325490176F, 0.945098042F}},
      {R"({"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.5], "interpolation": "bilinear", "size": [8, 8]})",
       {-0.04901960F, -1.16666662F, 1.301960825F, 0.349019587F, 0.694117665F},
       {0.519607961F, -0.73529404F, 1.082352995F, 0.364705860F, 0.898039221F}},
      {R"({"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.5], "interpolation": "random", "resize_mode": "squash"})",
       {-2.06862735F, -1.26470589F, 0.705882430F, 0.537254929F, 0.592156887F},
       {-1.38235294F, -0.85294109F, -1.19215691F, 0.356862723F, 0.913725495F}},
      {R"({"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.5], "resize_mode": "longest", "fill_color": 7,
           "interpolation": "bilinear", "mode": "RGB"})",
       {-2.36274504F, -1.02941167F, -1.49019610F, -0.54509806F, 0.623529434F},
       {-2.36274504F, -0.81372541F, -1.49019610F, -0.54509806F, -0.54509806F}}};
  check_cases(cases, open_clip_view);
}

TEST_CASE("pixels under a preprocessor_config.json are those of transformers", "[preprocess_config]") {
  const std::vector<PeerView> cases{
      {R"({"size": 8, "crop_size": 8, "feature_extractor_type": "CLIPFeatureExtractor", "do_center_crop": true,
           "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.5]})",
       {-1.42156863F, 0.107843279F, 0.188235282F, 0.741176486F, 0.843137264F},
       {0.617647171F, -0.85294109F, 1.286274552F, 0.325490176F, 0.945098042F}},
      {R"({"size": {"shortest_edge": 11}, "crop_size": {"height": 8, "width": 8}, "resample": 2,
           "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.5], "rescale_factor": 0.00392156862745098})",
       {0.735294222F, 0.774509906F, 0.094117641F, 1.054901957F, 0.458823561F},
       {0.950980484F, -0.65686267F, 1.270588278F, -0.00392156F, 1.054901957F}},
      {R"({"size": {"height": 11, "width": 11}, "crop_size": 8, "do_normalize": false})",
       {0.513725519F, 0.584313750F, 0.560784339F, 0.415686279F, 0.772549033F},
       {0.509803950F, 0.584313750F, 0.411764711F, 0.509803950F, 0.294117659F}},
      {R"({"size": {"height": 8, "width": 8}, "image_processor_type": "SiglipImageProcessor"})",
       {-0.82745099F, -0.50588238F, 0.152941226F, 0.137254953F, 0.192156910F},
       {-0.55294120F, -0.34117645F, -0.79607844F, -0.04313725F, 0.513725519F}}};
  check_cases(cases, hugging_face_view);
}

TEST_CASE("what is not said is the library's default", "[preprocess_config]") {
  CHECK(open_clip_view("{}") == Preprocess{.resolution = 8});
  CHECK(open_clip_view(R"({"mean": 0.5, "std": 0.5, "size": null})") == Preprocess::symmetric(8));
  CHECK(open_clip_view(R"({"fill_color": 3})") == open_clip_view("{}"));  // of no effect but under longest
  const std::string crop = R"({"size": 8, "crop_size": 8)";
  CHECK(hugging_face_view((crop + R"(, "do_normalize": null})").c_str()) ==
        hugging_face_view((crop + R"(, "do_normalize": false})").c_str()));  // a null is false, and no default
  CHECK(hugging_face_view((crop + R"(, "image_processor_type": null})").c_str()) ==
        hugging_face_view((crop + "}").c_str()));
  CHECK(hugging_face_view("{}", 224) ==
        Preprocess{.resolution = 224, .crop_rounds_down = true, .transparency = mao::Transparency::white});
  CHECK(hugging_face_view(R"({"size": 8, "default_to_square": true, "do_center_crop": false})").mode ==
        ResizeMode::squash);
  CHECK(hugging_face_view(R"({"image_processor_type": "SiglipImageProcessorFast", "size": [8, 8], "do_pad": false,
                         "do_convert_rgb": null, "_valid_processor_keys": ["images"], "auto_map": null})") == [] {
    Preprocess p = Preprocess::symmetric(8);
    p.mode = ResizeMode::squash;
    return p;
  }());
}

TEST_CASE("transparency lies over white where transformers converts to RGB, and is dropped elsewhere",
          "[preprocess_config]") {
  const auto of = [](const std::string& more) {
    return hugging_face_view((R"({"size": 8, "crop_size": 8)" + more + "}").c_str()).transparency;
  };
  CHECK(of("") == mao::Transparency::white);
  CHECK(of(R"(, "do_convert_rgb": true)") == mao::Transparency::white);
  CHECK(of(R"(, "do_convert_rgb": false)") == mao::Transparency::drop);
  CHECK(of(R"(, "do_convert_rgb": null)") == mao::Transparency::drop);  // a null is false to transformers
  CHECK(open_clip_view("{}").transparency == mao::Transparency::drop);
  CHECK_THROWS_WITH(of(R"(, "do_convert_rgb": 1)"), ContainsSubstring("do_convert_rgb is 1, expected true or false"));
}

TEST_CASE("settings of preprocess_cfg that mao does not have are refused by their key", "[preprocess_config]") {
  const auto refuses = [](const char* json, const char* message) {
    CAPTURE(json);
    CHECK_THROWS_WITH(open_clip_view(json), ContainsSubstring(message));
  };
  refuses(R"({"interpolation": "nearest"})", "a.json: interpolation is \"nearest\", expected \"bicubic\"");
  refuses(R"({"resize_mode": "crop"})", "resize_mode is \"crop\"");
  refuses(R"({"size": 16})", "size is 16, expected 8, the checkpoint's image size");
  refuses(R"({"size": [8, 16]})", "only squares");
  refuses(R"({"mean": [0.5, 0.5]})", "mean is [0.5,0.5], expected three numbers");
  refuses(R"({"mean": 0})", "mean is 0, expected three numbers");
  refuses(R"({"std": [1, 0, 1]})", "std is [1,0,1], expected positive numbers");
  refuses(R"({"fill_color": 256})", "fill_color is 256");
  refuses(R"({"mode": "L"})", "mode is \"L\"");
  refuses(R"({"crop_pct": 0.9})", "crop_pct is 0.9, a setting that mao does not know");
}

TEST_CASE("settings of a preprocessor_config.json that mao does not have are refused by their key",
          "[preprocess_config]") {
  const auto refuses = [](const std::string& more, const char* message) {
    const std::string json = R"({"size": 8, "crop_size": 8)" + (more.empty() ? "}" : ", " + more + "}");
    CAPTURE(json);
    CHECK_THROWS_WITH(read_hugging_face_preprocess(nlohmann::json::parse(json), "b.json: ", 8),
                      ContainsSubstring(message));
  };
  CHECK_THROWS_WITH(hugging_face_view("{}"), ContainsSubstring("b.json: crop_size is missing, expected 8"));
  CHECK_THROWS_WITH(hugging_face_view(R"({"size": {"shortest_edge": 8, "height": 8}, "crop_size": 8})"),
                    ContainsSubstring("size is"));
  CHECK_THROWS_WITH(hugging_face_view(R"({"size": {"height": 8, "width": 9}})"), ContainsSubstring("size.width is 9"));
  CHECK_THROWS_WITH(hugging_face_view(R"({"size": {"shortest_edge": 8, "longest_edge": 9}})"),
                    ContainsSubstring("size.longest_edge is 9"));
  CHECK_THROWS_WITH(hugging_face_view(R"({"size": {"longest_edge": 8}})"), ContainsSubstring("size.longest_edge is 8"));
  CHECK_THROWS_WITH(hugging_face_view(R"({"size": 7, "crop_size": 8})"), ContainsSubstring("size is 7, expected 8"));
  CHECK_THROWS_WITH(hugging_face_view(R"({"size": 8, "image_processor_type": "SiglipImageProcessor"})"),
                    ContainsSubstring("do_center_crop is missing, expected true"));
  refuses(R"("resample": 1)", "b.json: resample is 1, expected 3 (bicubic) or 2 (bilinear)");
  refuses(R"("do_resize": false)", "do_resize is false");
  refuses(R"("do_center_crop": false)", "do_center_crop is false");
  refuses(R"("do_rescale": false)", "do_rescale is false");
  refuses(R"("rescale_factor": 0.0078)", "rescale_factor is 0.0078, expected 1/255");
  refuses(R"("do_rescale": null)", "do_rescale is null, expected true");
  refuses(R"("do_resize": null)", "do_resize is null, expected true");
  refuses(R"("do_center_crop": null)", "do_center_crop is null, expected true");
  refuses(R"("resample": null)", "resample is null");
  refuses(R"("rescale_factor": null)", "rescale_factor is null");
  refuses(R"("image_mean": null)", "image_mean is null");
  CHECK_THROWS_WITH(hugging_face_view(R"({"size": null, "crop_size": 8})"), ContainsSubstring("size is null"));
  CHECK_THROWS_WITH(hugging_face_view(R"({"size": 8, "crop_size": null})"), ContainsSubstring("crop_size is null"));
  refuses(R"("image_std": [0, 1, 1])", "image_std is [0,1,1]");
  refuses(R"("do_pad": true)", "do_pad is true");
  refuses(R"("pad_size": {})", "pad_size is {}, expected null, or no such key");
  refuses(R"("use_square_size": true)", "use_square_size is true");
  refuses(R"("image_processor_type": "ViTImageProcessor")", "image_processor_type is \"ViTImageProcessor\"");
  refuses(R"("feature_extractor_type": "BlipFeatureExtractor")", "feature_extractor_type is");
  refuses(R"("do_magic": 1)", "do_magic is 1, a setting that mao does not know");
}

TEST_CASE("the file of the library whose names the tensors have decides", "[preprocess_config]") {
  const TemporaryFolder folder;
  const auto mean = [&](ClipLayout layout) { return preprocess_beside(folder / "m.pt", layout, 8).preprocess.mean[0]; };
  const StatedPreprocess none = preprocess_beside(folder.path(), ClipLayout::OpenAi, 8);
  CHECK(none.preprocess == Preprocess{.resolution = 8});
  CHECK(none.reason == "CLIP's, as no file beside the checkpoint says otherwise");
  folder.write("config.json", R"({"activation": "gelu", "mean": 0.1, "std": [0.1, 0.1, 0.1], "image_size": 8})");
  CHECK(mean(ClipLayout::OpenAi) == 0.1F);
  folder.write("preprocessor_config.json", R"({"size": 8, "crop_size": 8, "image_mean": 0.2})");
  CHECK(mean(ClipLayout::OpenAi) == 0.2F);
  folder.write("open_clip_config.json", R"({"model_cfg": {}, "preprocess_cfg": {"mean": 0.3}})");
  CHECK(mean(ClipLayout::OpenAi) == 0.3F);
  CHECK(mean(ClipLayout::HuggingFace) == 0.2F);
  folder.write("processor_config.json", R"({"processor_class": "CLIPProcessor"})");  // says nothing of pixels
  CHECK(mean(ClipLayout::HuggingFace) == 0.2F);
  folder.write("processor_config.json", R"({"image_processor": {"size": 8, "crop_size": 8, "image_mean": 0.4}})");
  CHECK(mean(ClipLayout::HuggingFace) == 0.4F);
  CHECK(mean(ClipLayout::OpenAi) == 0.3F);
  CHECK(preprocess_beside(folder.path(), ClipLayout::OpenAi, 8).reason ==
        "as " + (folder / "open_clip_config.json").string() + " says");
  folder.write("open_clip_config.json", R"({"model_cfg": {}, "preprocess_cfg": {"size": 9}})");
  CHECK_THROWS_WITH(preprocess_beside(folder.path(), ClipLayout::OpenAi, 8),
                    ContainsSubstring("open_clip_config.json: preprocess_cfg.size is 9"));
  folder.write("open_clip_config.json", "[]");
  CHECK_THROWS_AS(preprocess_beside(folder.path(), ClipLayout::OpenAi, 8), FormatError);
}
