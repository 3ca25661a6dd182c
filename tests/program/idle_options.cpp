// SPDX-License-Identifier: Apache-2.0
// Options that would do nothing: every option says when it acts, and is refused where it does not.
#include "tune/idle_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tune/known_names.hpp"

#include <support/catch.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

#include <nlohmann/json.hpp>

namespace {

using mao_program::GivenOptions;
using mao_program::RunFacts;
using mao_program::RunOptions;
using mao_program::RunSettings;
using namespace mao_test;
using Words = std::vector<std::string>;

// As a program of its own adds them, so that `--sampler` and `--regularizer` are there.
const bool are_added = [] {
  mao_program::sampler_names().push_back("mine");
  mao_program::regularizer_names().push_back("mine");
  return true;
}();

// The options of `mao tune`, with nothing behind them; rendered data where no other is named.
struct Parsed {
  RunSettings settings;
  RunOptions options;
  CLI::App app{"", "tune"};

  explicit Parsed(Words words) {
    add_tune_options(app, settings, options);
    if (std::ranges::find(words, "--data") == words.end()) words.insert(words.end(), {"--data", "shifted"});
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
  }
};

std::set<std::string> options_of_tune() {
  std::set<std::string> names;
  const Parsed none{Words()};
  for (const CLI::Option* option : none.app.get_options()) {
    if (option->get_lnames().front() != "help") names.insert("--" + option->get_lnames().front());
  }
  return names;
}

// As methods/check_settings.cpp takes them from the methods and the data sets.
RunFacts facts_of(const RunSettings& run) {
  RunFacts facts{.run = run, .is_rendered = run.data.data == "sketch" || run.data.data == "shifted"};
  facts.has_files = !facts.is_rendered;
  facts.is_named = run.data.data == "dtd";
  facts.has_epsilon = run.method.optimizer == "adam";
  return facts;
}

// A value of each option that is not its default. Those that decide no setting of a run are not here.
const std::map<std::string, Words>& values() {
  static const std::map<std::string, Words> all{{"--seeds", {"7"}},
                                                {"--sam-radius", {"0.1"}},
                                                {"--data", {"sketch"}},
                                                {"--targets", {"sketch"}},
                                                {"--class-split", {"all"}},
                                                {"--root", {"folder"}},
                                                {"--classnames", {"file"}},
                                                {"--shots", {"3"}},
                                                {"--shot-seed", {"3"}},
                                                {"--shots-file", {"saved"}},
                                                {"--augment", {"crop-flip"}},
                                                {"--views", {"2"}},
                                                {"--model", {"model.pt"}},
                                                {"--weights", {"folder"}},
                                                {"--minilm", {"folder"}},
                                                {"--vocab", {"file"}},
                                                {"--activation", {"gelu"}},
                                                {"--heads", {"2,2"}},
                                                {"--mean", {"0.5", "0.5", "0.5"}},
                                                {"--std", {"0.5", "0.5", "0.5"}},
                                                {"--precision", {"bf16"}},
                                                {"--method", {"maple"}},
                                                {"--learner", {"maple"}},
                                                {"--set", {"a=b"}},
                                                {"--context-init", {"words"}},
                                                {"--context", {"3"}},
                                                {"--class-specific", {}},
                                                {"--class-position", {"end"}},
                                                {"--template", {"a {}"}},
                                                {"--optimizer", {"radam"}},
                                                {"--adam-epsilon", {"0.1"}},
                                                {"--epochs", {"3"}},
                                                {"--lr", {"3"}},
                                                {"--batch", {"3"}},
                                                {"--mao", {}},
                                                {"--recipe", {"all-classes"}},
                                                {"--steps", {"base"}},
                                                {"--k", {"3"}},
                                                {"--similarity", {"minilm"}},
                                                {"--columns", {"per-image"}},
                                                {"--labeler", {"soft"}},
                                                {"--threshold", {"0.5"}},
                                                {"--new-epochs", {"3"}},
                                                {"--new-lr", {"3"}},
                                                {"--new-batch", {"3"}},
                                                {"--sampler", {"mine"}},
                                                {"--regularizer", {"mine"}}};
  return all;
}

// Runs of all kinds, without the options that a test adds.
const std::vector<Words> situations{{},
                                    {"--mao"},
                                    {"--optimizer", "adam"},
                                    {"--data", "dtd"},
                                    {"--data", "folder"},
                                    {"--mao", "--steps", "new"},
                                    {"--mao", "--steps", "base"},
                                    {"--mao", "--labeler", "none"},
                                    {"--mao", "--similarity", "minilm"},
                                    {"--mao", "--class-split", "all"},
                                    {"--method", "zero-shot"},
                                    {"--shots-file", "draw.pkl", "--data", "folder"},
                                    {"--model", "mobilenet-minilm"}};

std::string complaint(const std::string& arguments) {
  const Run run = mao_test::mao_program(arguments);
  CAPTURE(arguments);
  CHECK(run.code == 1);
  return run.output;
}

}  // namespace

TEST_CASE("every option of mao tune says when it acts", "[idle_options]") {
  const std::set<std::string> known = options_of_tune();
  REQUIRE((are_added && known.size() > 50));
  for (const std::string& option : known) {
    CAPTURE(option);
    CHECK_NOTHROW(mao_program::idle_reason(option, facts_of(RunSettings())));
    const bool decides = values().contains(option) || option == "--config" || option == "--preset";
    CHECK(decides != mao_program::only_says_how(option));
  }
  CHECK_THROWS_WITH(mao_program::idle_reason("--news", facts_of(RunSettings())),
                    ContainsSubstring("--news has no row"));
  const std::set<std::string> of_others{"--datasets", "--source", "--steps-measured", "--json"};
  for (const std::string& option : mao_program::options_with_effect()) {
    CAPTURE(option);
    CHECK(known.contains(option) != of_others.contains(option));
  }
}

TEST_CASE("each option changes the settings of a run or is refused, and acts in some run", "[idle_options]") {
  for (const auto& [option, value] : values()) {
    CAPTURE(option);
    int acts = 0;
    for (const Words& situation : situations) {
      if (std::ranges::find(situation, option) != situation.end()) continue;
      if (option == "--learner" && std::ranges::find(situation, "--method") != situation.end()) continue;
      CAPTURE(situation);
      Words words = situation;
      words.push_back(option);
      words.insert(words.end(), value.begin(), value.end());
      const Parsed without(situation), with(words);
      const std::string why = mao_program::idle_reason(option, facts_of(with.settings));
      const bool changes = nlohmann::json(without.settings) != nlohmann::json(with.settings);
      CHECK((changes || !why.empty()));
      acts += why.empty() ? 1 : 0;
    }
    CHECK(acts > 0);
  }
}

TEST_CASE("an option that acts in one of several runs is not refused", "[idle_options]") {
  GivenOptions given;
  given.options = {"--k"};
  given.method_options = {"context"};
  const RunFacts plain = facts_of(RunSettings());
  RunFacts mao = plain;
  mao.run.method.mao = true;
  RunFacts idle = mao;
  idle.idle_method_options["context"] = "there are words";
  const auto refuse = [&](const std::vector<RunFacts>& runs) { refuse_idle_options(given, runs); };
  CHECK_NOTHROW(refuse(std::vector{plain, mao}));
  CHECK_THROWS_WITH(refuse(std::vector{plain, plain}), ContainsSubstring("--k would be ignored"));
  CHECK_NOTHROW(refuse(std::vector{idle, mao}));
  CHECK_THROWS_WITH(refuse(std::vector{idle}), ContainsSubstring("--set context would be ignored: there are words"));
}

TEST_CASE("mao tune names an option that would do nothing, and why", "[idle_options]") {
  const TemporaryFolder temporary;
  const std::string tune = "tune --data sketch --out " + quoted(temporary / "run") + " ";
  const std::vector<std::pair<std::string, std::string>> idle{
      {"--adam-epsilon 0.1", "--adam-epsilon would be ignored: SGD, the optimiser of --method coop, has no epsilon"},
      {"--method tcp --optimizer sgd --adam-epsilon 0.1", "--adam-epsilon would be ignored: --optimizer sgd"},
      {"--classnames names.txt", "--classnames would be ignored: rendered"},
      {"--root folder", "--root would be ignored: --data sketch is rendered"},
      {"--shots-file saved", "--shots-file would be ignored: --data sketch is rendered"},
      {"--k 3", "--k would be ignored: it has no effect"},
      {"--new-lr 1", "--new-lr would be ignored: it has no effect"},
      {"--mao --steps new --k 3", "--k would be ignored: with --steps new"},
      {"--mao --steps new --columns per-image", "--columns would be ignored: with --steps new"},
      {"--mao --steps new --similarity clip", "--similarity would be ignored: with --steps new"},
      {"--recipe all-classes --steps base", "--recipe would be ignored: --steps base selects the stages"},
      {"--recipe all-classes --steps new --k 3", "--k would be ignored: with --steps new"},
      {"--mao --steps base --new-batch 3", "--new-batch would be ignored: with --steps base"},
      {"--mao --labeler none --new-lr 1", "--new-lr would be ignored: with --labeler none"},
      {"--mao --labeler none --threshold 0.5", "--threshold would be ignored: with --labeler none"},
      {"--mao --class-split all --new-epochs 3", "--new-epochs would be ignored: training is on all classes"},
      {"--method zero-shot --lr 1", "--lr would be ignored: --method zero-shot trains nothing"},
      {"--method zero-shot --shots 1", "--shots would be ignored: --method zero-shot trains nothing"},
      {"--method zero-shot --optimizer adam", "--optimizer would be ignored"},
      {"--method zero-shot --views 2", "--views would be ignored"},
      {"--method dpc --set host=x --batch 3", "--batch would be ignored: dpc chooses"},
      {"--method dpc --set host=x --set released=true --set rate=2", "--set rate would be ignored"},
      {"--method tcp --context 16 --context-init 'a photo of a'",
       "--set context would be ignored: the context starts from the 4 words"},
      {"--method maple --context 8 --context-init 'a photo of a'", "--set init would be ignored: a context of 8"},
      {"--method prograd --set padded=true --context-init ''", "--set padded would be ignored"},
      {"--method maple --set depth=1 --set depth=2", "option depth is given more than once"},
      {"--context 4 --set context=5", "option context is given more than once, by --set or an option of its name"}};
  for (const auto& [options, words] : idle) CHECK_THAT(complaint(tune + options), ContainsSubstring(words));
  CHECK_THAT(complaint("tune --data " + quoted(temporary.path()) + " --root folder"),
             ContainsSubstring("is a path; only named data sets"));
  CHECK_THAT(complaint("tune --data " + quoted(temporary.path()) + " --shots-file a.pkl --shot-seed 3"),
             ContainsSubstring("--shot-seed would be ignored: --shots-file a.pkl is one draw"));
  CHECK_THAT(complaint("plan --data sketch --method zero-shot --epochs 3"), ContainsSubstring("--epochs would be"));
  CHECK_THAT(complaint("base2new --datasets sketch shifted --root folder"), ContainsSubstring("--root would be"));
  CHECK_THAT(complaint("few-shot --datasets sketch --mao --new-lr 1"), ContainsSubstring("--new-lr would be"));
}

TEST_CASE("a --config file's idle option is refused with its line", "[idle_options]") {
  const TemporaryFolder temporary;
  const std::string file = temporary.write("o.toml", "mao = true\nlabeler = \"none\"\nnew-lr = 0.1\n").string();
  CHECK_THAT(complaint("tune --data sketch --config " + quoted(file)),
             ContainsSubstring(file + ":3: --new-lr would be ignored: with --labeler none"));
}

TEST_CASE("a sweep leaves out what does nothing in a run, and refuses what does nothing in all", "[idle_options]") {
  const TemporaryFolder temporary;
  const auto list = [&](const std::string& text) {
    return mao_test::mao_program("sweep --list " + quoted(temporary.write("s.toml", text)));
  };
  const std::string common = "data = \"sketch\"\nseeds = [1]\nadam-epsilon = 0.1\n";
  const Run some = list(common + "[a]\noptimizer = \"sgd\"\n[b]\noptimizer = \"adam\"\n");
  CHECK_THAT(some.output, ContainsSubstring("a_sketch_seed1:  mao tune --data sketch --optimizer sgd --seeds 1"));
  CHECK_THAT(some.output, ContainsSubstring("--data sketch --adam-epsilon 0.1 --optimizer adam --seeds 1"));
  const Run none = list(common + "[a]\noptimizer = \"sgd\"\n");
  CHECK(none.code == 1);
  CHECK_THAT(none.output, ContainsSubstring("s.toml:3: adam-epsilon would be ignored: --optimizer sgd has no epsilon"));
  const Run axis = list("data = \"sketch\"\nmao = [false, true]\nk = [2, 4]\n");
  CHECK_THAT(axis.output, ContainsSubstring("s.toml:3: k varies, but would be ignored in run"));
  CHECK(list("data = \"sketch\"\nmao = [false, true]\nk = 2\n").code == 0);
  const Run of_method = list("data = \"sketch\"\nmethod = \"tcp\"\nset.context = 16\nset.init = \"a photo of a\"\n");
  CHECK_THAT(of_method.output, ContainsSubstring("s.toml:3: set.context would be ignored: the context starts from"));
  // What a preset brings is no choice of its own.
  CHECK(list("data = \"sketch\"\npreset = \"tcp/paper\"\noptimizer = \"sgd\"\n").code == 0);
  CHECK(list("data = \"sketch\"\npreset = \"mao/coop\"\nlabeler = \"none\"\n").code == 0);
  const Run both = list("data = \"sketch\"\npreset = \"mao/coop\"\nlabeler = \"none\"\nnew-lr = 0.1\n");
  CHECK_THAT(both.output, ContainsSubstring("s.toml:4: new-lr would be ignored: with --labeler none"));
}

TEST_CASE("other commands name options that they have no use for", "[idle_options]") {
  const TemporaryFolder temporary;
  const std::string texts = quoted(temporary.write("texts.txt", "a dog\n")), out = quoted(temporary / "f.csv"),
                    sweep = quoted(temporary.write("s.toml", "data = \"sketch\"\n"));
  CHECK_THAT(complaint("eval --data sketch --root folder"), ContainsSubstring("--root would be ignored"));
  CHECK_THAT(complaint("eval --data sketch --classnames file"), ContainsSubstring("--classnames would be ignored"));
  for (const char* option : {"--mean 0.5 0.5 0.5", "--std 0.5 0.5 0.5", "--threads 1"}) {
    CHECK_THAT(complaint("encode --texts-file " + texts + " --out " + out + " " + option),
               ContainsSubstring("would be ignored: there are no images"));
  }
  CHECK_THAT(complaint("summarize x --format csv --published"), ContainsSubstring("--published would be ignored"));
  CHECK_THAT(complaint("sweep " + sweep + " --list --status"), ContainsSubstring("--status and --list"));
  CHECK_THAT(complaint("sweep " + sweep + " --worker --workers 2"), ContainsSubstring("--workers would be ignored"));
  CHECK_THAT(complaint("sweep " + sweep + " --task 1 --devices 0,1"), ContainsSubstring("one run at a time"));
}
