// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/context.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

constexpr ClassPosition positions[] = {ClassPosition::End, ClassPosition::Middle, ClassPosition::Front};

Tensor row_of(const Tensor& rows, std::int64_t begin, std::int64_t end) { return rows.narrow(0, begin, end - begin); }

/// CoOp's assembly as its source reads: tokenise prefix + name + ".", pad to the model's length, embed, put the context
/// in.
struct DenseOracle {
  const ToyModel& model;
  ContextPhrase phrase;
  ClassPosition position;

  [[nodiscard]] Tensor features(const ClassList& classes, const Tensor& context, const Candidates& candidates) const {
    std::vector<Tensor> rows;
    std::vector<std::int64_t> last;
    for (const std::int64_t id : candidates.ids) {
      const std::string name = readable(classes.names[static_cast<std::size_t>(id)]);
      auto tokens = model.tokenize(phrase.prefix + " " + name + ".");
      tokens.insert(tokens.begin(), model.start_token());
      tokens.push_back(model.end_token());
      last.push_back(static_cast<std::int64_t>(tokens.size()) - 1);
      tokens.resize(static_cast<std::size_t>(model.context_length()), 0);
      const auto name_length = static_cast<std::int64_t>(model.tokenize(name).size());
      const Tensor own = context.dim() == 2 ? context : context.select(0, id);
      rows.push_back(assembled(model.embed(at::tensor(tokens)), own, name_length));
    }
    return model.text_tower().encode_dense(at::stack(rows), at::tensor(last));
  }

 private:
  [[nodiscard]] Tensor assembled(const Tensor& embedded, const Tensor& context, std::int64_t name_length) const {
    const std::int64_t n = phrase.length, half = n / 2, length = embedded.size(0);
    const Tensor start = row_of(embedded, 0, 1), name = row_of(embedded, 1 + n, 1 + n + name_length);
    const Tensor rest = row_of(embedded, 1 + n + name_length, length);
    switch (position) {
      case ClassPosition::Middle:
        return at::cat({start, row_of(context, 0, half), name, row_of(context, half, n), rest});
      case ClassPosition::Front:
        return at::cat({start, name, context, rest});
      case ClassPosition::End:
        break;
    }
    return at::cat({start, context, row_of(embedded, 1 + n, length)});
  }
};

struct Features {
  Tensor packed, dense, packed_gradient, dense_gradient;

  Features(const ToyModel& model, const ClassList& classes, const ContextPhrase& phrase, ClassPosition position,
           const Tensor& start, const Candidates& candidates) {
    const Tensor mine = parameter(start), reference = parameter(start);
    const ContextPrompt<ToyModel> prompt(model, classes, phrase, position);
    packed = model.encode_text(prompt.assemble(mine, candidates));
    dense = DenseOracle{model, phrase, position}.features(classes, reference, candidates);
    const Tensor weight = normal_tensor({candidates.size(), packed.size(1)}, 1.0, Rng(9)["weight"]);
    (packed * weight).sum().backward();
    (dense * weight).sum().backward();
    packed_gradient = mine.grad();
    dense_gradient = reference.grad();
  }

  void check() const {
    CHECK(relative_difference(packed, dense) < 2e-5);
    CHECK(relative_difference(packed_gradient, dense_gradient) < 5e-5);
  }
};

ClipArchitecture wide(std::int64_t width) {
  auto sizes = mao::testing::toy_sizes();
  sizes.text_width = width;
  sizes.text_layers = 3;
  sizes.context = 40;
  return sizes;
}

}  // namespace

TEST_CASE("every assembly is the dense one, shared and class-specific, with its gradient", "[context]") {
  const ClassList classes = toy_classes(7);
  for (const std::int64_t width : {64, 128, 192}) {
    const ToyModel model(static_cast<std::uint64_t>(width), wide(width));
    for (const ClassPosition position : positions) {
      for (const std::int64_t n : {1, 2, 5, 16}) {
        CAPTURE(width, name_of(position), n);
        const auto phrase = ContextPhrase::placeholders(n);
        const Rng rng = Rng(3)["context"];
        const auto all = Candidates::all(classes.size());
        Features(model, classes, phrase, position, normal_tensor({n, width}, 0.3, rng), all).check();
        Features(model, classes, phrase, position, normal_tensor({classes.size(), n, width}, 0.3, rng), all).check();
      }
    }
  }
}

TEST_CASE("candidates in any order are rows of the whole list", "[context]") {
  const auto model = ToyModel::make();
  const ClassList classes = toy_classes(9);
  const Candidates some{{7, 0, 3}};
  const Tensor ids = at::tensor(some.ids);
  for (const ClassPosition position : positions) {
    CAPTURE(name_of(position));
    const auto phrase = ContextPhrase::placeholders(4);
    const ContextPrompt<ToyModel> prompt(*model, classes, phrase, position);
    for (const Tensor& context : {normal_tensor({4, 64}, 0.3, Rng(1)), normal_tensor({9, 4, 64}, 0.3, Rng(2))}) {
      const Tensor all = model->encode_text(prompt.assemble(context, Candidates::all(9)));
      CHECK(relative_difference(model->encode_text(prompt.assemble(context, some)), all.index_select(0, ids)) < 1e-5);
      Features(*model, classes, phrase, position, context, some).check();
    }
  }
}

TEST_CASE("with the words' own embeddings as context the prompt is the sentence", "[context]") {
  const auto model = ToyModel::make();
  const ClassList classes = toy_classes(5);
  const auto phrase = ContextPhrase::words("a_photo of a");
  CHECK(phrase.prefix == "a photo of a");
  REQUIRE(phrase.length == 4);
  const Tensor context = phrase_embedding(*model, phrase);
  const ContextPrompt<ToyModel> prompt(*model, classes, phrase, ClassPosition::End);
  const auto batch = prompt.assemble(context, Candidates::all(5));
  for (std::size_t c = 0; c < classes.names.size(); ++c) {
    auto tokens = model->tokenize("a photo of a " + readable(classes.names[c]) + ".");
    tokens.insert(tokens.begin(), model->start_token());
    tokens.push_back(model->end_token());
    const Tensor suffix = batch.suffix.narrow(0, batch.offsets[c], batch.offsets[c + 1] - batch.offsets[c]);
    CHECK(largest_difference(at::cat({batch.prefix[0], suffix}), model->embed(at::tensor(tokens))) == 0);
  }
}

TEST_CASE("a shared context before the name is computed once", "[context]") {
  const auto model = ToyModel::make();
  const auto phrase = ContextPhrase::placeholders(4);
  const auto prefix_length = [&](ClassPosition position, const Tensor& context) {
    const ContextPrompt<ToyModel> prompt(*model, toy_classes(3), phrase, position);
    return prompt.assemble(context, Candidates::all(3)).prefix.size(1);
  };
  const Tensor shared = normal_tensor({4, 64}, 0.3, Rng(1)), own = normal_tensor({3, 4, 64}, 0.3, Rng(1));
  CHECK(prefix_length(ClassPosition::End, shared) == 5);
  CHECK(prefix_length(ClassPosition::Middle, shared) == 3);
  CHECK(prefix_length(ClassPosition::Front, shared) == 1);
  CHECK(prefix_length(ClassPosition::End, own) == 1);
}

TEST_CASE("a name that does not fit is named", "[context]") {
  const auto model = ToyModel::make();
  std::string endless = "one";
  for (int i = 0; i < 30; ++i) endless += " more";
  const ClassList classes{{"cat", endless}};
  CHECK_THROWS_AS((ContextPrompt<ToyModel>(*model, classes, ContextPhrase::placeholders(4), ClassPosition::End)),
                  DataError);
  CHECK_THROWS_WITH((ContextPrompt<ToyModel>(*model, classes, ContextPhrase::placeholders(4), ClassPosition::End)),
                    ContainsSubstring("one more more") && ContainsSubstring("24"));
  CHECK_THROWS_WITH(phrase_embedding(*model, ContextPhrase::words("a  photo")), ContainsSubstring("single spaces"));
}

TEST_CASE("one context a group gives each group's rows as if alone", "[context]") {
  const auto model = ToyModel::make();
  const ClassList classes = toy_classes(6);
  const Candidates some{{4, 0, 5}};
  const Tensor contexts = normal_tensor({3, 4, 64}, 0.3, Rng(4));
  const std::vector<std::pair<ContextPhrase, ClassPosition>> layouts{
      {ContextPhrase::placeholders(4), ClassPosition::End},
      {ContextPhrase::placeholders(4), ClassPosition::Middle},
      {ContextPhrase::placeholders(4), ClassPosition::Front},
      {ContextPhrase::first_words("a photo of a very small", 4), ClassPosition::End}};
  for (const auto& [phrase, position] : layouts) {
    CAPTURE(phrase.prefix, name_of(position));
    const ContextPrompt<ToyModel> prompt(*model, classes, phrase, position);
    const TextBatch batch = prompt.assemble_each(contexts, some);
    batch.check();
    CHECK(batch.group == std::vector<std::int64_t>{0, 0, 0, 1, 1, 1, 2, 2, 2});
    const Tensor together = model->encode_text(batch);
    for (std::int64_t g = 0; g < 3; ++g) {
      const Tensor alone = model->encode_text(prompt.assemble(contexts[g], some));
      CHECK(relative_difference(together.narrow(0, 3 * g, 3), alone) < 1e-5);
    }
  }
}

TEST_CASE("the ending stands behind the context, with the name in its braces", "[context]") {
  const auto model = ToyModel::make();
  const ClassList classes = toy_classes(5);
  const auto phrase = ContextPhrase::words("a photo of a");
  const Tensor context = phrase_embedding(*model, phrase);
  for (const std::string& ending : {std::string("{}, a type of pet."), std::string("person doing {}.")}) {
    const ContextPrompt<ToyModel> prompt(*model, classes, phrase, ClassPosition::End, ending);
    std::vector<std::string> sentences;
    for (const std::string& name : classes.names) sentences.push_back("a photo of a " + fill_template(ending, name));
    const Tensor features = model->encode_text(prompt.assemble(context, Candidates::all(5)));
    CHECK(relative_difference(features, sentence_features(*model, sentences)) < 1e-5);
  }
  using Prompt = ContextPrompt<ToyModel>;
  CHECK_THROWS_WITH(Prompt(*model, classes, phrase, ClassPosition::Front, "the {}."),
                    ContainsSubstring("must start with {}"));
  CHECK_THROWS_WITH(Prompt(*model, classes, phrase, ClassPosition::End, "pet."), ContainsSubstring("exactly once"));
}

TEST_CASE("classes that are not there, and contexts of other sizes, are refused", "[context]") {
  const auto model = ToyModel::make();
  const ContextPrompt<ToyModel> prompt(*model, toy_classes(3), ContextPhrase::placeholders(2));
  const std::int64_t width = text_width(*model);
  for (const std::int64_t id : {-1, 3}) {
    CHECK_THROWS_WITH(prompt.assemble(at::ones({2, width}), {{0, id}}), ContainsSubstring("prompts: class "));
    CHECK_THROWS_AS(prompt.assemble(at::ones({3, 2, width}), {{id}}), OptionError);
    CHECK_THROWS_AS(prompt.assemble_each(at::ones({4, 2, width}), {{id}}), OptionError);
  }
  CHECK_THROWS_AS(prompt.assemble(at::ones({3, width}), {{0}}), ShapeError);
  CHECK_THROWS_AS(prompt.assemble(at::ones({3, 3, width}), {{0}}), ShapeError);
  CHECK_THROWS_AS(prompt.assemble(at::ones({2, 2, width}), {{0}}), ShapeError);
  CHECK_THROWS_AS(prompt.assemble_each(at::ones({4, 2, width + 1}), {{0}}), ShapeError);
}
