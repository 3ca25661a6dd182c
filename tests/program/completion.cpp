// SPDX-License-Identifier: Apache-2.0
// `mao completion SHELL`: the scripts complete what the parser knows.
#include <string>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

using namespace mao_test;

// What bash offers for the last of `words`, one word a line.
std::string offered(const std::string& words) {
  const TemporaryFolder folder;
  folder.write("mao.bash", mao_program("completion bash").output);
  folder.write("ask.bash", "source " + quoted(folder / "mao.bash") + "\nCOMP_WORDS=(" + words +
                               ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_mao\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
  return "\n" + shell("bash " + quoted(folder / "ask.bash")).output;
}

bool has_shell(const std::string& name) { return shell("command -v " + name).code == 0; }

}  // namespace

TEST_CASE("bash completes commands, options, and the values of options", "[completion]") {
  CHECK(offered("mao tu") == "\ntune\n");
  CHECK_THAT(offered("mao ''"), ContainsSubstring("\nreport\n") && ContainsSubstring("\ncompletion\n"));
  CHECK(offered("mao datasets ch") == "\ncheck\n");
  CHECK_THAT(offered("mao tune --meth"), ContainsSubstring("\n--method\n"));
  CHECK_THAT(offered("mao tune --data sketch --precision ''"), ContainsSubstring("\nbf16\n"));
  CHECK(offered("mao tune --precision bf") == "\nbf16\n");
  CHECK(offered("mao completion ''") == "\n\n");  // nothing of ours: the shell offers files
  CHECK(offered("mao tune --out run") == "\n\n");
  CHECK(offered("mao tune --method kg") == "\nkgcoop\n");
  CHECK_THAT(offered("mao tune --learner ''"), !ContainsSubstring("kgcoop"));  // the former name is not offered
  CHECK_THAT(offered("mao tune --"), !ContainsSubstring("--learner"));
  CHECK(offered("mao tune --data sk") == "\nsketch\n");
  CHECK_THAT(offered("mao tune --data /etc/pass"), ContainsSubstring("\n/etc/passwd\n"));  // files beside names
  CHECK(offered("mao tune --targets shif") == "\nshifted\n");
  CHECK(offered("mao eval --data disj") == "\ndisjoint\n");
  CHECK(offered("mao base2new --datasets oxford_p") == "\noxford_pets\n");
  CHECK(offered("mao cross-dataset --source imagenet_sk") == "\nimagenet_sketch\n");
  CHECK(offered("mao predict --model embedded-s") == "\nembedded-siglip\n");
  CHECK(offered("mao tune --method zero") == "\nzero-shot\n");
  CHECK_THAT(offered("mao plan --preset mao/"), ContainsSubstring("\nmao/coop\n"));
  CHECK_THAT(offered("mao tune --data sketch --"),
             ContainsSubstring("\n--mao\n") && !ContainsSubstring("\n--version\n"));
}

TEST_CASE("an option that knows some values refuses no others, and its help does not list them", "[completion]") {
  const std::string help = mao_program("tune --help").output;
  CHECK_THAT(help, ContainsSubstring("--preset NAME") && ContainsSubstring("--targets DATA") &&
                       !ContainsSubstring("oxford_pets"));
  CHECK_THAT(mao_program("tune --data /nowhere/at/all").output, ContainsSubstring("there is nothing at that path"));
}

TEST_CASE("every shell's script names every command, and the shell accepts it", "[completion]") {
  const TemporaryFolder folder;
  for (const std::string& name : {std::string("bash"), std::string("zsh"), std::string("fish")}) {
    const Run script = mao_program("completion " + name);
    CAPTURE(name);
    CHECK(script.code == 0);
    for (const char* command : {"tune", "report", "sweep", "check", "completion"}) {
      CHECK_THAT(script.output, ContainsSubstring(command));
    }
    folder.write("script", script.output);
    if (!has_shell(name)) continue;
    const Run checked = shell(name + (name == "fish" ? " --no-execute " : " -n ") + quoted(folder / "script"));
    CHECK(checked.code == 0);
    CHECK(checked.output.empty());
  }
}

TEST_CASE("a shell that has no script is refused", "[completion]") {
  const Run unknown = mao_program("completion tcsh");
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.output,
             ContainsSubstring("shell tcsh: no such value") && ContainsSubstring("; expected bash, zsh or fish"));
}
