// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a replay found out: one row a quantity, with its largest deviation, the tolerance and the verdict.

#include <ostream>
#include <string>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao_program::replay {

/// How far a quantity may be off.
struct Tolerance {
  double limit = 0;
  bool relative = false;  ///< to the largest entry of the expected tensor
};

inline Tolerance absolute(double limit) { return {limit, false}; }
inline Tolerance relative(double limit) { return {limit, true}; }

/// Rows of one trace. Comparisons under the same name share a row, which keeps the worst of them.
class Report {
 public:
  explicit Report(std::string title) : title_(std::move(title)) {}

  /// Compares two tensors entry by entry; another shape or a value that is not finite fails. `where` names the place (a
  /// step, a case) of this comparison.
  void compare(const std::string& quantity, const mao::Tensor& actual, const mao::Tensor& expected, Tolerance tolerance,
               const std::string& where = "");

  /// Compares two numbers.
  void compare(const std::string& quantity, double actual, double expected, Tolerance tolerance,
               const std::string& where = "");

  /// Counts `right` among the exact checks of a quantity; `problem` says what was wrong with the first that is not.
  void exact(const std::string& quantity, bool right, const std::string& problem);

  /// Says that something in the trace is not compared, and why.
  void skip(const std::string& quantity, const std::string& reason);

  /// True when something was compared and nothing was wrong.
  [[nodiscard]] bool passed() const;
  void print(std::ostream& out) const;

 private:
  struct Row {
    std::string quantity;
    Tolerance tolerance;
    double deviation = 0;  ///< the largest, in the unit of the tolerance
    std::string where;     ///< of the largest deviation
    std::string problem;   ///< of the first failure that is not a matter of size
    std::string skipped;   ///< the reason
    int checks = 0, wrong = 0;
    bool counted = false;  ///< exact checks
  };

  Row& row(const std::string& quantity, Tolerance tolerance, bool counted);
  static void note(Row& row, double deviation, const std::string& where);
  static std::string finding(const Row& row);

  std::string title_;
  std::vector<Row> rows_;
};

}  // namespace mao_program::replay
