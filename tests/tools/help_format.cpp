// SPDX-License-Identifier: Apache-2.0
#include "help_format.hpp"

#include <support/catch.hpp>

#include <string>
#include <vector>

using mao_program::HelpFormat;
using mao_program::words_of_type;

TEST_CASE("the help names what an option takes in words", "[help_format]") {
  CHECK(words_of_type("TEXT:{auto,none,crop-flip}") == "auto|none|crop-flip");
  CHECK(words_of_type("INT:POSITIVE") == "N");
  CHECK(words_of_type("UINT") == "N");
  CHECK(words_of_type("FLOAT:NONNEGATIVE") == "X");
  CHECK(words_of_type("FLOAT:FLOAT in [0 - 1]") == "X from 0 to 1");
  CHECK(words_of_type("FLOAT:FLOAT in [1 - 1e+06]") == "X from 1 to 1000000");
  CHECK(words_of_type("TEXT") == "TEXT");
  CHECK(words_of_type("TEXT:FILE") == "FILE");
  CHECK(words_of_type("").empty());
}

TEST_CASE("defaults, lists and options that go together stand behind it", "[help_format]") {
  CLI::App app("a program", "program");
  int shots = 16;
  std::vector<std::string> images;
  std::vector<int> heads;
  bool json = false, csv = false;
  app.add_option("images", images)->required();
  app.add_option("--shots", shots)->capture_default_str();
  app.add_option("--heads", heads)->expected(2)->delimiter(',');
  auto* first = app.add_flag("--json", json);
  app.add_flag("--csv", csv)->excludes(first);
  const auto words = [&](const std::string& name) { return HelpFormat().make_option_opts(app.get_option(name)); };
  CHECK(words("images") == " TEXT ... (required)");
  CHECK(words("--shots") == " N (default 16)");
  CHECK(words("--heads") == " N,N");
  CHECK(words("--csv") == " (not with --json)");
}

TEST_CASE("a section of the help has the options that were added in it", "[help_format]") {
  CLI::App app("a program", "program");
  std::string text;
  app.add_option("--first", text);
  {
    const mao_program::HelpSection section(app, "Data");
    app.add_option("--data", text);
    {
      const mao_program::HelpSection inner(app, "Rare");
      app.add_option("--rare", text);
    }
    app.add_option("--root", text);
  }
  app.add_option("--last", text);
  const auto section_of = [&](const std::string& name) { return app.get_option(name)->get_group(); };
  CHECK(section_of("--data") == "Data");
  CHECK(section_of("--root") == "Data");
  CHECK(section_of("--rare") == "Rare");
  CHECK(section_of("--last") == section_of("--first"));
  CHECK(section_of("--last") != "Data");
}
