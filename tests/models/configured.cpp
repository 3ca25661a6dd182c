// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/configured.hpp>
#include <mao/models/architecture.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;

TEST_CASE("a size that the tensors do not have is named with its key", "[configured]") {
  ClipConfiguration configuration;
  configuration.state({nlohmann::json::object(), "c.json: text_cfg."}, "width", &ClipArchitecture::text_width, 64);
  ClipArchitecture found;
  found.text_width = 64;
  configuration.check(found);
  found.text_width = 128;
  CHECK_THROWS_WITH(configuration.check(found),
                    ContainsSubstring("c.json: text_cfg.width means 64, the checkpoint's tensors have 128"));
}
