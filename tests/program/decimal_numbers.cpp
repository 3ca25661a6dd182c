// SPDX-License-Identifier: Apache-2.0
// Numbers on the command line mean what is written, or are refused.
#include "decimal_numbers.hpp"

#include <string>

#include <support/catch.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

/// A command with one option of each kind of number.
struct Numbers {
  CLI::App app;
  int epochs = 0;
  std::int64_t top = 0;
  std::uint64_t seed = 0;
  double rate = 0;

  explicit Numbers(const std::string& arguments) {
    app.add_option("--epochs", epochs);
    app.add_option("--top", top);
    CLI::App* command = app.add_subcommand("inner");
    command->add_option("--seed", seed);
    command->add_option("--rate", rate);
    mao_program::expect_decimal_numbers(app);
    app.parse(arguments);
  }
};

}  // namespace

TEST_CASE("whole numbers are decimal, with leading zeros too", "[decimal_numbers]") {
  CHECK(Numbers("--epochs 010").epochs == 10);  // not octal
  CHECK(Numbers("--epochs 08").epochs == 8);
  CHECK(Numbers("--epochs +7").epochs == 7);
  CHECK(Numbers("--top -12").top == -12);
  CHECK(Numbers("inner --seed 18446744073709551615").seed == 18446744073709551615U);
  for (const char* wrong : {"0x10", "0b11", "1e3", "1.5", "many", "7 8"}) {
    CHECK_THROWS_WITH(Numbers("--epochs '" + std::string(wrong) + "'"),
                      ContainsSubstring("expected a whole number, in decimal digits, got " + std::string(wrong)));
  }
}

TEST_CASE("a number that its kind cannot hold is refused, not cut", "[decimal_numbers]") {
  CHECK_THROWS_WITH(Numbers("--top 99999999999999999999"), ContainsSubstring("and not so large, got 99999999999"));
  CHECK_THROWS_WITH(Numbers("inner --seed 18446744073709551616"),
                    ContainsSubstring("--seed") && ContainsSubstring("not so large"));
  CHECK_THROWS_WITH(Numbers("inner --seed -1"), ContainsSubstring("--seed"));
  CHECK_THROWS_WITH(Numbers("inner --rate 1e-400"), ContainsSubstring("not so near to 0, got 1e-400"));
}

TEST_CASE("numbers with a point are decimal and are numbers", "[decimal_numbers]") {
  CHECK(Numbers("inner --rate 2.5e-3").rate == 2.5e-3);
  CHECK(Numbers("inner --rate 0.0").rate == 0.0);
  CHECK(Numbers("inner --rate 0e5").rate == 0.0);
  for (const char* wrong : {"nan", "0x1p3", "1,5", "fast"}) {
    CHECK_THROWS_WITH(Numbers("inner --rate " + std::string(wrong)),
                      ContainsSubstring("expected a number, got " + std::string(wrong)));
  }
}

TEST_CASE("every command of the program reads its numbers so", "[decimal_numbers]") {
  const mao_test::TemporaryFolder root;
  const auto refused = [&](const std::string& arguments, const char* message) {
    const mao_test::Run run = mao_test::mao_program(arguments);
    CHECK(run.code == 2);
    CHECK_THAT(run.output, ContainsSubstring(message));
  };
  const std::string out = " --out " + mao_test::quoted(root / "run");
  refused("tune --epochs 0x2" + out, "--epochs: expected a whole number, in decimal digits, got 0x2");
  refused("tune --shot-seed -5" + out, "--shot-seed: expected 0 or more, got -5");
  refused("tune --threshold nan" + out, "--threshold: expected a number from 0 to 1, got nan");
  refused("tune --threshold 1,5" + out, "--threshold: expected a number");
  refused("tune --threshold 1.5" + out, "--threshold: expected a number from 0 to 1, got 1.5");
  refused("tune --rank-timeout 0.5" + out, "--rank-timeout: expected a number from 1 to 1e+06, got 0.5");
  refused("tune --lr 1e-400" + out, "--lr: expected a number that is not so near to 0");
  refused("predict x.jpg --classes a b --top 99999999999999999999", "--top: expected a whole number");
  CHECK_FALSE(std::filesystem::exists(root / "run"));
}
