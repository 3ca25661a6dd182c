// SPDX-License-Identifier: Apache-2.0
#include "runs/progress.hpp"

#include <chrono>
#include <sstream>
#include <string>
#include <thread>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("off a terminal lines are plain and nothing is erased", "[progress]") {
  std::ostringstream out;
  ProgressLine progress(out, false, 0);
  progress.update("epoch 1/2", 0, 10);
  progress.update("epoch 1/2", 5, 10, "loss 1.5");
  progress.update("epoch 1/2", 10, 10, "loss 1.0");
  progress.finish();
  CHECK(out.str() == "epoch 1/2 5/10 loss 1.5, 0 s left\nepoch 1/2 10/10 loss 1.0\n");
}

TEST_CASE("the rate and the time that is left are those since the label appeared", "[progress]") {
  std::ostringstream out;
  ProgressLine progress(out, false, 0);
  progress.update("encode", 100, 1000);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  progress.update("encode", 101, 1000);
  const std::string text = out.str();  // 1 in 0.1 s or more: at most 10/s, at least 89 s left
  CHECK_THAT(text,
             ContainsSubstring("encode 101/1000, ") && ContainsSubstring("/s, ") && ContainsSubstring(" s left\n"));
  CHECK(std::stod(text.substr(text.rfind("/1000, ") + 7)) <= 10);
  CHECK(std::stod(text.substr(text.rfind("/s, ") + 4)) >= 89);
}

TEST_CASE("off a terminal at most one line is written in the given time", "[progress]") {
  std::ostringstream out;
  ProgressLine progress(out, false, 3600);
  for (int i = 0; i <= 1000; ++i) progress.update("encode", i, 1000);
  CHECK(out.str().empty());
}

TEST_CASE("a function under a label reports as the bar does", "[progress]") {
  std::ostringstream out;
  ProgressLine progress(out, false, 0);
  const auto report = progress.under("read runs");
  report(0, 4);
  report(4, 4);
  CHECK(out.str() == "read runs 4/4\n");
}

TEST_CASE("on a terminal the bar is redrawn in place and cleared at the end", "[progress]") {
  std::ostringstream out;
  ProgressLine progress(out, true);
  progress.update("encode", 10, 10);
  progress.finish();
  CHECK_THAT(out.str(), ContainsSubstring("encode [========================] 10/10"));
  CHECK(out.str().substr(out.str().size() - 4) == "\r\x1b[K");
  CHECK(out.str().find('\n') == std::string::npos);
}
