// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The operations of a convolutional network, read from the JSON that lies beside its weights.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mao {

/// One operation; `inputs` and `output` number the values that flow between operations.
struct GraphOp {
  enum class Kind {
    Convolution,  ///< with bias, padded as TensorFlow's SAME
    Add,          ///< of two values of one shape
    Mean,         ///< over height and width
  };
  Kind kind;
  std::vector<std::int64_t> inputs;
  std::int64_t output = 0;
  std::string name;  ///< of a convolution: its tensors are NAME.weight and NAME.bias
  std::int64_t stride = 1;
  std::int64_t groups = 1;
  bool relu6 = false;
};

/// The operations in order of execution; `result` is the value of the logits.
struct Graph {
  std::int64_t input = 0;
  std::int64_t result = 0;
  std::vector<GraphOp> ops;
};

/// Reads `{"input": id, "ops": [{"op", "in", "out", "name", "stride", "groups", "pad", "act"}, ...]}`.
///
/// **Throws** `FileError`; `FormatError` naming the file and the operation or key that is wrong.
Graph read_graph(const std::filesystem::path& path);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/mobilenet_graph.ipp>
#endif
