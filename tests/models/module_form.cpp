// SPDX-License-Identifier: Apache-2.0
#include <tuple>

#include <mao/models/detail/module_form.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;

namespace {

using Modules = std::map<std::string, ModuleRecord>;

constexpr const char* attention = "torch.nn.modules.activation.MultiheadAttention";
constexpr const char* norm = "open_clip.transformer.LayerNorm";
constexpr const char* quick = "open_clip.transformer.QuickGELU";

/// As torch.save writes open_clip's CLIP.
Modules open_clip() {
  Modules modules{
      {"", {"open_clip.model.CLIP", {{"context_length", "77"}, {"text_pool_type", "argmax"}, {"attn_mask", "tensor"}}}},
      {"visual",
       {"open_clip.transformer.VisionTransformer",
        {{"image_size", "96, 96"}, {"pool_type", "tok"}, {"final_ln_after_pool", "false"}}}},
      {"visual.ln_pre", {norm, {{"eps", "1e-05"}}}},
      {"ln_final", {norm, {{"eps", "1e-06"}}}}};
  for (const std::string tower : {"visual.transformer", "transformer"}) {
    for (const std::string block : {".resblocks.0.", ".resblocks.1."}) {
      modules[tower + block + "attn"] = {attention, {{"num_heads", tower == "transformer" ? "2" : "3"}}};
      modules[tower + block + "mlp.gelu"] = {quick, {}};
    }
  }
  return modules;
}

void check_refused(const Modules& modules, const std::string& reason) {
  CHECK_THROWS_AS(stated_form(modules, "x.pt"), FormatError);
  CHECK_THROWS_WITH(stated_form(modules, "x.pt"), ContainsSubstring("x.pt: ") && ContainsSubstring(reason));
}

/// Modules whose roots are traces.
Modules traced(const std::string& image, const std::string& text) {
  Modules modules = open_clip();
  modules[""] = {"open_clip.model.CLIP", {{"attn_mask", "tensor"}}, "  def forward(self):\n" + text};
  modules["visual"] = {"open_clip.transformer.VisionTransformer", {}, "  def forward(self):\n" + image};
  return modules;
}

}  // namespace

TEST_CASE("open_clip's modules say heads, activation, epsilon, mask, pooling and sizes") {
  const StatedForm form = stated_form(open_clip(), "x.pt");
  CHECK(form.vision.heads == 3);
  CHECK(form.text.heads == 2);
  CHECK(form.vision.activation == Activation::QuickGelu);
  CHECK(form.vision.epsilon == 1e-5);
  CHECK(form.text.epsilon == 1e-6);
  CHECK(form.causal == true);
  CHECK(form.ln_pre == true);
  CHECK(form.image_pooling == ImagePooling::ClassToken);
  CHECK(form.text_pooling == TextPooling::End);
  CHECK(form.resolution == 96);
  CHECK(form.context == 77);
  CHECK(form.doubt.empty());
  CHECK(form.pixels.is_null());
}

TEST_CASE("other settings of open_clip's modules are read") {
  Modules modules = open_clip();
  modules["visual"].attributes = {{"pool_type", "avg"}, {"final_ln_after_pool", "true"}};
  modules["visual.ln_pre"] = {"torch.nn.modules.linear.Identity", {}};
  modules[""].attributes = {{"text_pool_type", "last"}, {"attn_mask", "None"}, {"text_projection", "None"}};
  const StatedForm form = stated_form(modules, "x.pt");
  CHECK(form.image_pooling == ImagePooling::Patches);
  CHECK(form.norm_after_pooling == true);
  CHECK(form.ln_pre == false);
  CHECK(form.text_pooling == TextPooling::Last);
  CHECK(form.causal == false);
  CHECK(form.text_projection == false);
}

TEST_CASE("a class of a library that mao does not know is refused, since it may compute anything") {
  for (const auto& [path, type] : {std::pair{"", "__main__.MyCLIP"},
                                   {"visual", "my.VisionTransformer"},
                                   {"transformer.resblocks.1", "__main__.PostNormBlock"},
                                   {"transformer.resblocks.0.mlp.tanh", "torch.nn.modules.activation.Tanh"},
                                   {"visual.transformer.resblocks.0.mlp.gelu", "__main__.GELU"}}) {
    Modules modules = open_clip();
    modules[path].type = type;
    check_refused(modules, text_of(" is of class ", type));
  }
  Modules beside = open_clip();
  beside["loss"] = {"__main__.Loss", {}};  // no part of the towers
  CHECK_NOTHROW(stated_form(beside, "x.pt"));
}

TEST_CASE("modules that mao does not have are refused by name") {
  const auto with = [](const std::string& path, const std::string& key, const std::string& value) {
    Modules modules = open_clip();
    modules[path].attributes[key] = value;
    if (modules[path].type.empty()) modules[path].type = "transformers.models.clip.modeling_clip.CLIPTextTransformer";
    return modules;
  };
  Modules relu = open_clip();
  relu["transformer.resblocks.1.mlp.gelu"].type = "torch.nn.modules.activation.ReLU";
  check_refused(relu,
                "transformer.resblocks.1.mlp.gelu is of class torch.nn.modules.activation.ReLU, expected QuickGELU");
  relu["transformer.resblocks.1.mlp.gelu"].type = "torch.nn.modules.activation.GELU";
  check_refused(
      relu, "transformer.resblocks.1.mlp.gelu has activation gelu, transformer.resblocks.0.mlp.gelu has quick_gelu");
  check_refused(with("visual.transformer.resblocks.1.attn", "num_heads", "6"),
                "visual.transformer.resblocks.1.attn has number of heads 6, visual.transformer.resblocks.0.attn has 3");
  Modules norms = with("visual.ln_pre", "eps", "0.1");
  norms["visual.ln_post"] = {norm, {{"eps", "1e-05"}}};
  check_refused(norms, "visual.ln_pre has epsilon 0.1, visual.ln_post has 1e-05; all parts of a tower");
  check_refused(with("visual.ln_pre", "eps", "nan"), "visual.ln_pre has epsilon nan");
  check_refused(with("transformer.resblocks.0.attn", "num_heads", "0"), "says that it has 0 heads");
  check_refused(with("visual.transformer.resblocks.0.attn", "add_zero_attn", "true"), "add_zero_attn");
  check_refused(with("visual", "pool_type", "none"), "visual.pool_type is none, expected tok or avg");
  check_refused(with("visual", "global_average_pool", "true"), "global_average_pool");
  check_refused(with("", "text_pool_type", "none"), "text_pool_type is none");
  check_refused(with("", "text_pool_type", "eos"), "text_eos_id is not there, expected 49407");
  check_refused(with("text_model", "eos_token_id", "7"), "text_model.eos_token_id is 7");
}

TEST_CASE("OpenAI's own modules keep the mask in their blocks") {
  Modules modules = open_clip();
  modules[""] = {"clip.model.CLIP", {{"context_length", "77"}}};
  modules["visual"] = {"clip.model.VisionTransformer", {{"input_resolution", "224"}}};
  modules["transformer.resblocks.0"] = {"clip.model.ResidualAttentionBlock", {{"attn_mask", "tensor"}}};
  const StatedForm form = stated_form(modules, "x.pt");
  CHECK(form.causal == true);
  CHECK(form.resolution == 224);
  modules["transformer.resblocks.1"] = {"clip.model.ResidualAttentionBlock", {{"attn_mask", "None"}}};
  check_refused(modules, "transformer.resblocks.1 has the attn_mask None, transformer.resblocks.0 has tensor");
  modules["transformer.resblocks.0"].attributes["attn_mask"] = "None";
  CHECK(stated_form(modules, "x.pt").causal == false);
  modules["visual.transformer.resblocks.0"] = {"clip.model.ResidualAttentionBlock", {{"attn_mask", "tensor"}}};
  check_refused(modules, "visual.transformer.resblocks.0 has an attn_mask; image towers of mao have none");
}

TEST_CASE("a trace whose code reads other tokens, or keeps no mask, is doubted") {
  const std::string image = "pooled = torch.select(_9, 1, 0)\n", text = "torch.argmax(text, -1)\n";
  CHECK(stated_form(traced(image, text), "x.pt").doubt.empty());
  CHECK(stated_form(traced(image, text), "x.pt").image_pooling == ImagePooling::ClassToken);
  CHECK_THAT(stated_form(traced("torch.mean(x, [1])", text), "x.pt").doubt, ContainsSubstring("class token"));
  CHECK_THAT(stated_form(traced(image, "torch.select(x, 1, 0)"), "x.pt").doubt, ContainsSubstring("end-of-text token"));
  CHECK_THAT(stated_form(traced(image, "torch.argmax(torch.eq(text, 2))"), "x.pt").doubt,
             ContainsSubstring("looks for a token"));
  Modules unmasked = traced(image, text);
  unmasked[""].attributes.clear();
  CHECK_THAT(stated_form(unmasked, "x.pt").doubt, ContainsSubstring("no mask"));
}

TEST_CASE("pixels that open_clip noted in the image tower are read, by either of its ways") {
  Modules modules = open_clip();
  modules["visual"].attributes["image_mean"] = "0.5, 0.5, 0.5";
  CHECK(stated_form(modules, "x.pt").pixels == nlohmann::json{{"mean", {0.5, 0.5, 0.5}}});
  modules["visual"].attributes["preprocess_cfg.std"] = "0.25, 0.5, 0.5";
  modules["visual"].attributes["preprocess_cfg.size"] = "96, 96";
  modules["visual"].attributes["preprocess_cfg.interpolation"] = "bilinear";
  modules["visual"].attributes["preprocess_cfg.fill_color"] = "0";
  CHECK(
      stated_form(modules, "x.pt").pixels ==
      nlohmann::json{{"std", {0.25, 0.5, 0.5}}, {"size", {96, 96}}, {"interpolation", "bilinear"}, {"fill_color", 0}});
  modules["visual"].attributes["preprocess_cfg.fill_color"] = "black";
  check_refused(modules, "preprocess_cfg.fill_color is black, expected numbers");
}

TEST_CASE("what may change a module's function without a tensor is refused by its path") {
  const std::string mlp = "visual.transformer.resblocks.1.mlp";
  const auto check = [&](const std::string& path, const auto& change, const std::string& reason) {
    Modules modules = open_clip();
    if (modules[path].type.empty()) modules[path].type = "torch.nn.modules.linear.Linear";
    change(modules[path]);
    check_refused(modules, (path.empty() ? "the model" : path) + reason);
  };
  for (const std::string& path :
       {std::string(), std::string("visual"), mlp + ".c_fc", std::string("visual_projection")}) {
    check(
        path, [](ModuleRecord& it) { it.hook = "_forward_pre_hooks: torch.nn.utils.weight_norm.WeightNorm"; },
        " has a hook, _forward_pre_hooks: torch.nn.utils.weight_norm.WeightNorm");
    check(
        path, [](ModuleRecord& it) { it.attributes["forward"] = "builtins.getattr"; },
        " has a function of its own in place of its class's `forward`");
    check(
        path, [](ModuleRecord& it) { it.code = "class X(Module):\n  __forward_hooks__ = [\"f\", ]\n"; },
        " has hooks in its code (__forward_hooks__)");
  }
  check(
      mlp,
      [](ModuleRecord& it) {
        it = {"torch.nn.modules.container.Sequential", {}, "    y = torch.mul(x, c)\n"};
      },
      "'s code calls torch.mul, which code of the class torch.nn.modules.container.Sequential does not");
  check(
      mlp + ".3", [](ModuleRecord& it) { it.type = "torch.nn.modules.activation.GELU"; },
      " is an activation of class torch.nn.modules.activation.GELU, which a CLIP does not have");
  check(
      mlp + ".3", [](ModuleRecord& it) { it.type = "transformers.activations.ReLUSquaredActivation"; },
      " is an activation of class transformers.activations");
  check(
      mlp + ".3",
      [](ModuleRecord& it) {
        it = {norm, {{"eps", "1e-05"}, {"weight", "None"}}};
      },
      " is a layer norm without weights");
  check(
      "token_embedding",
      [](ModuleRecord& it) {
        it = {"torch.nn.modules.sparse.Embedding", {{"max_norm", "1"}}};
      },
      ".max_norm is 1, which shortens embeddings");
  const auto scaled = [](const char* scale) {
    return [=](ModuleRecord& it) {
      it = {"transformers.models.clip.modeling_clip.CLIPAttention",
            {{"embed_dim", "128"}, {"num_heads", "2"}, {"scale", scale}}};
    };
  };
  check("text_model.encoder.layers.0.self_attn", scaled("0.25"), ".scale is 0.25, expected 0.125");
  Modules usual = open_clip();
  usual["token_embedding"] = {"torch.nn.modules.sparse.Embedding", {{"max_norm", "None"}}};
  usual["visual.conv1"] = {"torch.nn.modules.conv.Conv2d", {{"stride", "8, 8"}, {"padding", "0, 0"}}};
  CHECK(stated_form(usual, "x.pt").window == "8, 8; 0, 0; 1, 1");
  Modules transformers;
  scaled("0.125")(transformers["text_model.encoder.layers.0.self_attn"]);
  transformers["vision_model.embeddings"] = {"transformers.models.clip.modeling_clip.CLIPVisionEmbeddings",
                                             {{"image_size", "224"}}};
  CHECK(stated_form(transformers, "x.pt").resolution == 224);
}

TEST_CASE("a module of a class of nobody is refused at both ends of the towers too") {
  for (const char* path : {"token_embedding", "visual_projection", "text_projection"}) {
    Modules modules = open_clip();
    modules[path] = {"__main__.Twice", {}};
    check_refused(modules, text_of(path, " is of class __main__.Twice"));
  }
}

TEST_CASE("blocks that are called in another order than their numbers are refused") {
  for (const auto& [path, order, good] : {std::tuple{"transformer.resblocks", "0, 1", true},
                                          {"transformer.resblocks", "1, 0", false},
                                          {"visual.transformer.resblocks", "0, 2", false},
                                          {"text_model.encoder.layers", "0, 1, 2", true},
                                          {"visual.transformer.resblocks.0.mlp", "c_fc, gelu, c_proj", true},
                                          {"visual.transformer.resblocks.0.mlp", "gelu, c_fc, c_proj", false}}) {
    Modules modules = open_clip();
    modules[path] = {"torch.nn.modules.container.ModuleList", {{"_modules.order", order}}};
    CAPTURE(path, order);
    if (good) CHECK_NOTHROW(stated_form(modules, "x.pt"));
    if (!good) check_refused(modules, text_of(path, " goes through its parts in the order ", order));
  }
}
