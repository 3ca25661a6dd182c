// SPDX-License-Identifier: Apache-2.0
// What `mao sweep` makes of its file, without running anything.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "sweep/grid.hpp"
#include "sweep/toml_file.hpp"
#include "sweep/work_list.hpp"

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

namespace {

using mao_program::SweepRun;
using mao_test::TemporaryFolder;

std::vector<SweepRun> runs_of(const std::string& text, const std::set<std::string>& several = {}) {
  return mao_program::expand_grid(mao_program::parse_toml(text, "a.toml"), "a.toml", several);
}

std::vector<std::string> names_of(const std::vector<SweepRun>& runs) {
  std::vector<std::string> names;
  for (const SweepRun& run : runs) names.push_back(run.name);
  return names;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the part of TOML that a sweep is written in, values as they were written", "[sweep]") {
  const auto sections = mao_program::parse_toml(
      "# a comment\n"
      "data = 'a # b' # behind\n"
      "lr = [1e-3, 0.002,\n  3_0, # within\n]\n"
      "set.init = \"a \\\"photo\\\"\"\r\n\n"
      "[\"coop + mao\"]\nmao = true\nk = -1\n"
      "[last-one]",
      "a.toml");
  REQUIRE(sections.size() == 3);
  CHECK(sections[0].name.empty());
  REQUIRE(sections[0].entries.size() == 3);
  CHECK(sections[0].entries[0].values == Words{"a # b"});
  CHECK_FALSE(sections[0].entries[0].is_list);
  CHECK(sections[0].entries[1].values == Words{"1e-3", "0.002", "30"});
  CHECK(sections[0].entries[1].is_list);
  CHECK(sections[0].entries[1].line == 3);
  CHECK(sections[0].entries[2].name == "set.init");
  CHECK(sections[0].entries[2].values == Words{"a \"photo\""});
  CHECK(sections[1].name == "coop + mao");
  CHECK(sections[1].entries[0].values == Words{"true"});
  CHECK(sections[2].entries.empty());
}

TEST_CASE("a mistake in the file is answered with its line, what stands there, and what was expected", "[sweep]") {
  const auto says = [](const std::string& text, const Words& words) {
    CAPTURE(text);
    try {
      runs_of(text);
      FAIL_CHECK("accepted");
    } catch (const mao::FormatError& error) {
      for (const std::string& word : words) CHECK_THAT(error.what(), ContainsSubstring(word));
    }
  };
  says("a = 1\nshots 3\n", {"a.toml:2:", "shots 3", "expected TOML: `name = value`"});
  says("data = sketch\n", {"a.toml:1:", "sketch", "text in quotes"});
  says("data = \"sketch\n", {"a.toml:1:", "data = \"sketch"});
  says("k = [1, 2\n\n", {"a.toml:2:", "end-of-file"});
  says("k = [1 2]\n", {"a.toml:1:", "expected comma or closing ']'"});
  // Letters outside of quotes, over which toml++ 3.3 goes astray.
  for (const std::string line : {"\u00e9 = false", "[[\u00e9]]", "[\u00e9]", "k = \u00e9", "k = 1 \u3000"}) {
    says("data = '\u00e9' # \u00e9\nt = \"\"\"\n\u00e9 \\\" '\"\"\"\n" + line + "\n",
         {"a.toml:4:", line, "outside of quotes"});
  }
  CHECK(runs_of("data = '\u00e9' # \u00e9 'a\n\"\u00e9\" = 1\nt = \"\\\"\u00e9\"\nu = '''\n'\u00e9'''\n").size() == 3);
  // Declared unreachable by toml++ 3.3: a letter that comes first in a continued line.
  CHECK(runs_of("data = \"\"\"a\\\n  \u00e9\u3000\"\"\"\n").front().settings.front().values == Words{"a\u00e9\u3000"});
  says("k = []\n", {"at least one value"});
  says("k = [[1], [2]]\n", {"lists within lists"});
  says("k = {a = 1}\n", {"tables are not read"});
  says("k = 1 2\n", {"a.toml:1:", "saw '2'"});
  says("k = 1\nk = 2\n", {"a.toml:2:", "k = 2", "existing integer 'k'", "lists as [a, b]"});
  says("[a]\n[b]\n[a]\n", {"a.toml:3:", "existing table 'a'"});
  says("[[grid]]\n", {"a.toml:1:", "[[grid]]", "[a name]"});
  says("[~a]\n", {"a.toml:1:", "saw '~'"});  // an assertion of toml++ 3.3
  says("[ =]\n", {"a.toml:1:", "saw '='"});
  says("[a b]\n", {"a.toml:1:", "sections as [name]"});
  says("t = \"\\q\"\n", {"a.toml:1:", "unknown escape sequence"});
  says("out = \"x\"\n", {"a.toml:1:", "--out on the command line"});
  says("set = \"weight=8\"\n", {"set.NAME = VALUE"});
  says("model.name = 1\n", {"only set.NAME"});
  says("device = ['cuda:0', 'cuda:1']\n", {"a.toml:1:", "how to run", "--devices"});
  says("k = [2, 2]\n", {"value 2 twice"});
  says("exclude = [\"sketch\"]\n", {"name=value"});
  says("data = [\"a\", \"b\"]\nexclude = [\"data=c\"]\n", {"a.toml:2:", "data=c", "leaves out no run"});
  says("data = \"a\"\nexclude = [\"data=a\"]\n", {"no run is left"});
}

TEST_CASE("every combination once, in the order of the file, seeds fastest", "[sweep]") {
  const auto runs = runs_of(
      "data = ['/data/sketch/', 'shifted']\nseeds = [1, 2]\nshots = 4\nset.weight = [1, 8]\n"
      "[kgcoop]\nmethod = 'kgcoop'\n"
      "['coop+mao']\nmethod = 'coop'\nmao = true\nk = [2, 4]\nset.weight = 3\n");
  CHECK(names_of(runs) == Words{"kgcoop_sketch_weight-1_seed1", "kgcoop_sketch_weight-1_seed2",
                                "kgcoop_sketch_weight-8_seed1", "kgcoop_sketch_weight-8_seed2",
                                "kgcoop_shifted_weight-1_seed1", "kgcoop_shifted_weight-1_seed2",
                                "kgcoop_shifted_weight-8_seed1", "kgcoop_shifted_weight-8_seed2",
                                "coop+mao_sketch_k-2_seed1", "coop+mao_sketch_k-2_seed2", "coop+mao_sketch_k-4_seed1",
                                "coop+mao_sketch_k-4_seed2", "coop+mao_shifted_k-2_seed1", "coop+mao_shifted_k-2_seed2",
                                "coop+mao_shifted_k-4_seed1", "coop+mao_shifted_k-4_seed2"});
  CHECK(runs[2].arguments() ==
        Words{"--data", "/data/sketch/", "--shots", "4", "--set", "weight=8", "--method", "kgcoop", "--seeds", "1"});
  CHECK(runs[15].arguments() == Words{"--data", "shifted", "--shots", "4", "--set", "weight=3", "--method", "coop",
                                      "--mao", "--k", "4", "--seeds", "2"});
}

TEST_CASE("a grid has the product of its lists less what is excluded, and no name or run twice", "[sweep]") {
  for (int a = 1; a <= 3; ++a) {
    for (int b = 1; b <= 3; ++b) {
      for (int seeds = 1; seeds <= 3; ++seeds) {
        const auto list = [](int n) {
          std::string text = "[1";
          for (int i = 2; i <= n; ++i) text += ", " + std::to_string(i);
          return text + "]\n";
        };
        const std::string file = "shots = " + list(a) + "seeds = " + list(seeds) + "[x]\nk = " + list(b) + "[y]\n";
        const auto runs = runs_of(file);
        CHECK(runs.size() == static_cast<std::size_t>(a * b * seeds + a * seeds));
        std::set<std::string> names, identities;
        for (const SweepRun& run : runs) {
          names.insert(run.name);
          identities.insert(run.identity());
        }
        CHECK(names.size() == runs.size());
        CHECK(identities.size() == runs.size());
        const auto fewer = runs_of("exclude = ['section=x, shots=1, k=1']\n" + file);
        CHECK(fewer.size() == runs.size() - static_cast<std::size_t>(seeds));
      }
    }
  }
}

TEST_CASE("lists whose product is no sweep are refused before it is made", "[sweep]") {
  std::string text = "seeds = 1\n[big]\n";
  for (int i = 0; i < 30; ++i) text += "o" + std::to_string(i) + " = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n";
  CHECK_THROWS_WITH(runs_of(text), ContainsSubstring("a.toml: the lists of [big] make 4.2") &&
                                       ContainsSubstring("runs; at most 100000"));
}

TEST_CASE("flags, single runs, options with several values, and names that would be the same", "[sweep]") {
  CHECK(names_of(runs_of("method = 'coop'\n")) == Words{"coop_seed1", "coop_seed2", "coop_seed3"});
  const auto flags = runs_of("mao = [true, false]\nseeds = 7\n");
  CHECK(names_of(flags) == Words{"mao_seed7", "no-mao_seed7"});
  CHECK(flags[0].arguments() == Words{"--mao", "--seeds", "7"});
  CHECK(flags[1].arguments() == Words{"--seeds", "7"});
  const auto targets = runs_of("targets = ['a', 'b']\nseeds = 1\n", {"targets"});
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].arguments() == Words{"--targets", "a", "b", "--seeds", "1"});
  CHECK(names_of(runs_of("seeds = 1\ntemplate = ['a {}', 'a-{}']\n")) ==
        Words{"template-a---_seed1", "template-a---_seed1-2"});
  const auto own = runs_of("seeds = [1, 2]\n[a]\nexclude = ['seed=2']\n[b]\n");
  CHECK(names_of(own) == Words{"a_seed1", "b_seed1", "b_seed2"});
}

TEST_CASE("the work list comes back from disk as it was", "[sweep]") {
  const TemporaryFolder folder;
  mao_program::WorkList list{
      .directory = "/a \"b\"", .cpu_threads = 3, .retry = 2, .stale_after = 1.5, .runs = {}, .former = {}};
  update_runs(list, runs_of("k = [2, 4]\ntargets = ['a', 'b']\n[x]\n[y]\n", {"targets"}), "sweep");
  const std::string text = text_of_list(list);
  const auto again = mao_program::read_work_list(folder.write("sweep.json", text));
  CHECK(text_of_list(again) == text);
  REQUIRE(again.runs.size() == 12);
  CHECK(again.runs[5].arguments() == list.runs[5].arguments());
  CHECK(std::count(text.begin(), text.end(), '\n') == 21);  // one line a run
  CHECK_THROWS_WITH(mao_program::read_work_list(folder.write("broken.json", "{\"runs\": 3}")),
                    ContainsSubstring("broken.json is not the work list of a sweep"));
  std::string changed = text;
  changed.replace(changed.find("\"retry\": 2"), 10, "\"retry\": 3");
  CHECK_THROWS_WITH(mao_program::read_work_list(folder.write("changed.json", changed)),
                    ContainsSubstring("changed.json is damaged, or was edited"));
}

TEST_CASE("a file that grew keeps the folders of the runs that it had", "[sweep]") {
  mao_program::WorkList list;
  update_runs(list, runs_of("data = '/b/pets'\nk = 4\nseeds = [1, 2]\n"), "sweep");
  const auto before = names_of(list.runs);
  CHECK(before == Words{"pets_seed1", "pets_seed2"});

  // One value became two, a data set of the same name came before, one seed went, another came.
  update_runs(list, runs_of("data = ['/a/pets', '/b/pets']\nk = [4, 8]\nseeds = [2, 3]\n"), "sweep");
  REQUIRE(list.runs.size() == 8);
  const auto kept = std::find_if(list.runs.begin(), list.runs.end(), [](const SweepRun& run) {
    return run.seed == "2" && run.settings[0].text() == "/b/pets" && run.settings[1].text() == "4";
  });
  CHECK(kept->name == "pets_seed2");
  const auto names = names_of(list.runs);
  CHECK(std::set<std::string>(names.begin(), names.end()).size() == 8);
  CHECK(names_of(list.former) == Words{"pets_seed1"});

  // What was taken out may come back.
  update_runs(list, runs_of("data = '/b/pets'\nk = 4\nseeds = [1, 2]\n"), "sweep");
  CHECK(names_of(list.runs) == before);
  CHECK(list.former.size() == 7);

  // Where it runs says nothing,
  update_runs(list, runs_of("data = '/b/pets'\ndevice = 'cuda'\nk = 4\nseeds = [1, 2]\n"), "sweep");
  CHECK(names_of(list.runs) == before);
  CHECK(list.runs[0].arguments() == Words{"--data", "/b/pets", "--device", "cuda", "--k", "4", "--seeds", "1"});
  // nor does the order of lines; another value where no name shows it would mix two runs in one folder.
  update_runs(list, runs_of("seeds = [1, 2]\nk = 4\ndata = '/b/pets'\n"), "sweep");
  CHECK(names_of(list.runs) == before);
  CHECK_THROWS_WITH(
      update_runs(list, runs_of("data = '/b/pets'\nk = 6\n"), "sweep"),
      ContainsSubstring("sweep/pets_seed1 belongs to a run with other settings (there: k = 4; now: k = 6)") &&
          ContainsSubstring("another --out"));
}
