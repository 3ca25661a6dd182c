// SPDX-License-Identifier: Apache-2.0
#include "report/dassl_log.hpp"

#include <regex>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("a step is written as Dassl writes it", "[dassl_log]") {
  DasslStep step{.epoch = 1, .epochs = 50, .batch = 5, .batches = 200, .learning_rate = 0.002};
  step.time = {0.123, 0.5, 5};
  step.data = {0, 0.001, 5};
  step.loss = {1.2345, 1.3456, 5};
  step.accuracy = {75, 70.1234, 5};
  CHECK(dassl_step_line(step) ==
        "epoch [1/50] batch [5/200] time 0.123 (0.500) data 0.000 (0.001) loss 1.2345 (1.3456) acc 75.0000 (70.1234) "
        "lr 2.0000e-03 eta 1:23:17");
}

TEST_CASE("times are printed as Python's timedelta prints them", "[dassl_log]") {
  CHECK(duration_text(0) == "0:00:00");
  CHECK(duration_text(83.9) == "0:01:23");
  CHECK(duration_text(36000) == "10:00:00");
  CHECK(duration_text(86400 + 61) == "1 day, 0:01:01");
  CHECK(duration_text(3 * 86400) == "3 days, 0:00:00");
  CHECK(duration_text(std::nan("")) == "0:00:00");
}

TEST_CASE("a result has the lines that Dassl's scripts look for", "[dassl_log]") {
  const auto lines = dassl_result_lines({.total = 2465, .correct = 2300, .macro_f1 = 92.904});
  CHECK(lines == std::vector<std::string>{"=> result", "* total: 2,465", "* correct: 2,300", "* accuracy: 93.31%",
                                          "* error: 6.69%", "* macro_f1: 92.90%"});
  std::smatch match;  // the expression of CoOp's parse_test_res.py
  REQUIRE(std::regex_search(lines[3], match, std::regex(R"(\* accuracy: ([\.\deE+-]+)%)")));
  CHECK(match[1] == "93.31");
  CHECK(dassl_training_end() == "Finish training");
  CHECK(dassl_result_lines({.total = 3, .correct = 1, .macro_f1 = 0}, 1)[3] == "* accuracy: 33.3%");
  CHECK_THROWS_AS(dassl_result_lines({}), DataError);
}

TEST_CASE("counts have commas between thousands", "[dassl_log]") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(-1234567) == "-1,234,567");
}

TEST_CASE("a running mean is the mean of what came", "[dassl_log]") {
  RunningMean meter;
  for (const double value : {1.0, 2.0, 6.0}) meter.update(value);
  CHECK(meter.value == 6.0);
  CHECK(meter.mean == Approx(3.0));
}
