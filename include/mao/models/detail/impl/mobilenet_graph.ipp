// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/mobilenet_graph.hpp>

#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

namespace mao::detail {

/// Turns the file's operations into `GraphOp`s; those that only rename a value disappear.
class GraphReader {
 public:
  explicit GraphReader(std::string file) : file_(std::move(file)) {}

  Graph read(const nlohmann::json& content) {
    graph_.input = content.at("input").get<std::int64_t>();
    for (const auto& entry : content.at("ops")) add(entry);
    require<FormatError>(!graph_.ops.empty(), file_, ": there is no operation in \"ops\"");
    return std::move(graph_);
  }

 private:
  void add(const nlohmann::json& entry) {
    const auto op = entry.at("op").get<std::string>();
    const auto inputs = entry.at("in").get<std::vector<std::int64_t>>();
    const auto output = entry.at("out").at(0).get<std::int64_t>();
    require<FormatError>(!inputs.empty(), file_, ": ", op, " has no input");
    if (op == "QUANTIZE" || op == "RESHAPE" || op == "SOFTMAX") {
      // The weights are not quantised any more, the result is flattened anyway, and the logits are what is wanted.
      same_as_[output] = original(inputs[0]);
      return;
    }
    GraphOp result{.kind = GraphOp::Kind::Mean, .inputs = {original(inputs[0])}, .output = output, .name = {}};
    if (op == "CONV_2D" || op == "DEPTHWISE_CONV_2D") {
      read_convolution(entry, result);
    } else if (op == "ADD") {
      require<FormatError>(inputs.size() == 2, file_, ": ADD has ", inputs.size(), " inputs, expected 2");
      result.kind = GraphOp::Kind::Add;
      result.inputs.push_back(original(inputs[1]));
    } else {
      require<FormatError>(
          op == "MEAN", file_, ": the operation \"", op,
          "\" is unknown; known are CONV_2D, DEPTHWISE_CONV_2D, ADD, MEAN, RESHAPE, SOFTMAX and QUANTIZE");
    }
    graph_.result = output;
    graph_.ops.push_back(std::move(result));
  }

  void read_convolution(const nlohmann::json& entry, GraphOp& result) const {
    result.kind = GraphOp::Kind::Convolution;
    result.name = entry.at("name").get<std::string>();
    result.stride = entry.at("stride").get<std::int64_t>();
    result.groups = entry.at("groups").get<std::int64_t>();
    require<FormatError>(result.stride >= 1 && result.groups >= 1, file_, ": ", result.name, " has stride ",
                         result.stride, " and ", result.groups, " groups, expected at least 1 of each");
    const auto padding = entry.at("pad").get<std::string>();
    require<FormatError>(padding == "SAME", file_, ": ", result.name, " has the padding \"", padding,
                         "\", only SAME is known");
    const auto& activation = entry.at("act");
    result.relu6 = activation == "relu6";
    require<FormatError>(result.relu6 || activation.is_null(), file_, ": ", result.name, " has the activation ",
                         activation.dump(), ", only \"relu6\" and null are known");
  }

  /// The value that `id` is another name of.
  [[nodiscard]] std::int64_t original(std::int64_t id) const {
    const auto found = same_as_.find(id);
    return found == same_as_.end() ? id : found->second;
  }

  std::string file_;
  Graph graph_;
  std::map<std::int64_t, std::int64_t> same_as_;
};

}  // namespace mao::detail

namespace mao {

MAO_INLINE Graph read_graph(const std::filesystem::path& path) {
  try {
    return detail::GraphReader(path.string()).read(nlohmann::json::parse(read_text_file(path)));
  } catch (const nlohmann::json::exception& failure) {
    throw FormatError(text_of(path.string(), " is not a graph file: ", failure.what()));
  }
}

}  // namespace mao
