// SPDX-License-Identifier: Apache-2.0
// What a new user sees first: `mao` alone, the end of a first run, colours.
#include <regex>
#include <string>
#include <vector>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

using namespace mao_test;

// The lines of `text` that are commands.
std::vector<std::string> commands_in(const std::string& text) {
  static const std::regex command("(?:^|\n)  (mao [^\n]+)");
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), command), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

// Runs `command`, which begins with "mao", in `folder`.
Run run_in(const std::string& folder, const std::string& command) {
  const std::string path = "PATH=" + quoted(mao_test::build_dir() + "/bin") + ":\"$PATH\"";
  return shell("(cd " + quoted(folder) + " && " + path + " OMP_NUM_THREADS=1 " + command + ")");
}

}  // namespace

TEST_CASE("mao alone shows three commands, and each works, in this order", "[first_minutes]") {
  const Run alone = mao_program("");
  CHECK(alone.code == 2);
  const std::vector<std::string> commands = commands_in(alone.output);
  REQUIRE(commands.size() == 3);
  const TemporaryFolder folder;
  for (const std::string& command : commands) {
    const bool trains = command.starts_with("mao tune");
    const Run run = run_in(folder / ".", command + (trains ? " --seeds 1 --epochs 1 --new-epochs 1" : ""));
    CAPTURE(command, run.output);
    CHECK(run.code == 0);
    if (!trains) continue;
    CHECK_THAT(run.output, ContainsSubstring("coop + MAO against the untuned model: Base "));
    CHECK_THAT(run.output, ContainsSubstring("  mao report first --out first.html\n"));
    CHECK_THAT(run.output, ContainsSubstring("  mao predict IMAGE --prompts first/seed1/new.prompts.safetensors\n"));
    CHECK_THAT(run.output, ContainsSubstring("  mao add first --out first.prompts.safetensors\n"));
    const Run joined = run_in(folder / ".", "mao add first --out first.prompts.safetensors");
    CHECK_THAT(joined.output, ContainsSubstring("40 classes in 2 groups"));
    CHECK_THAT(run_in(folder / ".", command + " --seeds 1 --epochs 1 --new-epochs 1 --quiet").output,
               !ContainsSubstring("Next:"));
  }
  CHECK(std::filesystem::exists(folder / "first.html"));
}

TEST_CASE("a mistyped command is answered with the nearest one, at every level", "[first_minutes]") {
  const Run top = mao_program("tuen --data sketch");
  CHECK(top.code == 2);
  CHECK(top.output == "mao: there is no command 'tuen' (did you mean tune?)\n`mao --help` lists all commands.\n");
  CHECK(mao_program("help plan").output == mao_program("plan --help").output);
  CHECK(mao_program("--dataa x").output == "mao has no option --dataa; `mao --help` lists all commands\n");
  const Run below = mao_program("datasets chek . --all");
  CHECK(below.code == 2);
  CHECK(below.output == "mao datasets has no command 'chek' (did you mean check?)\nSee `mao datasets --help`.\n");
  CHECK(mao_program("datasets nonsense").output ==
        "mao datasets has no command 'nonsense'\nSee `mao datasets --help`.\n");
  const Run option = mao_program("datasets check . --decod");
  CHECK(option.code == 2);
  CHECK(option.output ==
        "mao datasets check has no option --decod (did you mean --decode?)\nSee `mao datasets check --help`.\n");
  CHECK_THAT(mao_program("methods copp").output, ContainsSubstring("no such method (did you mean coop?)"));
  CHECK_THAT(mao_program("presets mao/cop").output,
             ContainsSubstring("no preset mao/cop (did you mean mao/coop?); `mao presets` lists them"));
  CHECK_THAT(mao_program("models clip").output, ContainsSubstring("mao models does not take clip"));
}

TEST_CASE("an incomplete command is answered with what it needs, and its help ends with an example",
          "[first_minutes]") {
  const Run add = mao_program("add");
  CHECK(add.code == 2);
  CHECK_THAT(add.output,
             ContainsSubstring("mao add needs RUN (folder of a run of mao tune, or a ") &&
                 ContainsSubstring(
                     " and --out (the *.prompts.safetensors file to write; it replaces an earlier prompts file and "
                     "no other file)\nExample: mao add ") &&
                 ContainsSubstring("\nSee `mao add --help`.\n"));
  CHECK_THAT(mao_program("predict --top 2").output, ContainsSubstring("mao predict needs IMAGES (image files "));
  for (const std::string command : {"tune", "plan"}) {  // neither has data by default
    const Run none = mao_program(command + " --mao");
    CHECK(none.code == 2);
    CHECK_THAT(none.output,
               ContainsSubstring("mao " + command + " needs --data (the images: sketch, shifted or disjoint") &&
                   ContainsSubstring("\nExample: mao " + command + " --data sketch "));
  }
  const Run eval = mao_program("eval");
  CHECK(eval.code == 1);
  CHECK_THAT(eval.output, ContainsSubstring("which images? give a *.prompts.safetensors file") &&
                              ContainsSubstring("`mao eval --data sketch` for the untuned model"));
  const Run predict = mao_program("predict nope.jpg");
  CHECK(predict.code == 1);
  CHECK_THAT(predict.output, ContainsSubstring("which classes? ") && ContainsSubstring("there is no file nope.jpg"));
  CHECK_THAT(mao_program("plan --help").output, !ContainsSubstring("--take-over") && !ContainsSubstring("--quiet"));
  for (const char* command : {"tune", "plan", "predict", "add", "report", "eval", "export"}) {
    CAPTURE(command);
    const std::string help = mao_program(std::string(command) + " --help").output;
    CHECK_THAT(help, ContainsSubstring(std::string("\nExample: mao ") + command + " "));
    for (const char* type : {"FLOAT", "INT:", "UINT", "NONNEGATIVE", "TEXT:{"}) {
      CHECK_THAT(help, !ContainsSubstring(type));
    }
  }
}

TEST_CASE("colours are for terminals alone, and NO_COLOR switches them off", "[first_minutes]") {
  const std::string mao = quoted(mao_test::build_dir() + "/bin/mao");
  CHECK_THAT(shell(mao).output, !ContainsSubstring("\x1b["));
  CHECK_THAT(shell(mao + " inspect 'no such file'").output, !ContainsSubstring("\x1b["));
  if (shell("command -v script").code != 0) return;  // util-linux gives a command a terminal
  const auto on_terminal = [&](const std::string& variable) {
    return shell("env " + variable + " script -qec \"" + mao + "\" /dev/null").output;
  };
  CHECK_THAT(on_terminal("TERM=xterm NO_COLOR="), ContainsSubstring("\x1b[1mmao tune"));
  CHECK_THAT(on_terminal("TERM=xterm NO_COLOR=1"), !ContainsSubstring("\x1b["));
  CHECK_THAT(on_terminal("TERM=dumb NO_COLOR="), !ContainsSubstring("\x1b["));
}
