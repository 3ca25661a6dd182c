// SPDX-License-Identifier: Apache-2.0
#include "replay/report.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace mao_program::replay {

namespace {

std::string scientific(double value) {
  std::ostringstream out;
  out << std::scientific << std::setprecision(1) << value;
  return out.str();
}

}  // namespace

Report::Row& Report::row(const std::string& quantity, Tolerance tolerance, bool counted) {
  const auto known = std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) { return r.quantity == quantity; });
  if (known != rows_.end()) return *known;
  Row& added = rows_.emplace_back();
  added.quantity = quantity;
  added.tolerance = tolerance;
  added.counted = counted;
  return added;
}

void Report::note(Row& row, double deviation, const std::string& where) {
  ++row.checks;
  if (!std::isfinite(deviation)) {
    ++row.wrong;
    if (row.problem.empty()) row.problem = "a value is not finite" + (where.empty() ? "" : " (" + where + ")");
    return;
  }
  if (deviation > row.tolerance.limit) ++row.wrong;
  if (deviation >= row.deviation) {
    row.deviation = deviation;
    row.where = where;
  }
}

void Report::compare(const std::string& quantity, const mao::Tensor& actual, const mao::Tensor& expected,
                     Tolerance tolerance, const std::string& where) {
  Row& target = row(quantity, tolerance, false);
  if (!actual.defined() || actual.sizes() != expected.sizes()) {
    ++target.checks;
    ++target.wrong;
    if (target.problem.empty()) {
      target.problem = (actual.defined() ? "shape " + mao::shape_text(actual.sizes()) : std::string("missing")) +
                       ", expected shape " + mao::shape_text(expected.sizes()) +
                       (where.empty() ? "" : " (" + where + ")");
    }
    return;
  }
  if (expected.numel() == 0) return note(target, 0, where);
  const mao::Tensor wanted = expected.detach().to(at::kDouble);
  double deviation = (actual.detach().cpu().to(at::kDouble).sub(wanted)).abs().max().item<double>();
  if (tolerance.relative) deviation /= std::max(1e-30, wanted.abs().max().item<double>());
  note(target, deviation, where);
}

void Report::compare(const std::string& quantity, double actual, double expected, Tolerance tolerance,
                     const std::string& where) {
  double deviation = std::abs(actual - expected);
  if (tolerance.relative) deviation /= std::max(1e-30, std::abs(expected));
  note(row(quantity, tolerance, false), deviation, where);
}

void Report::exact(const std::string& quantity, bool right, const std::string& problem) {
  Row& target = row(quantity, {}, true);
  ++target.checks;
  if (right) return;
  ++target.wrong;
  if (target.problem.empty()) target.problem = problem;
}

void Report::skip(const std::string& quantity, const std::string& reason) { row(quantity, {}, true).skipped = reason; }

bool Report::passed() const {
  const bool compared = std::any_of(rows_.begin(), rows_.end(), [](const Row& r) { return r.checks > 0; });
  return compared && std::all_of(rows_.begin(), rows_.end(), [](const Row& r) { return r.wrong == 0; });
}

std::string Report::finding(const Row& row) {
  if (!row.problem.empty()) return row.problem;
  if (row.counted)
    return row.checks == 1 ? "same" : std::to_string(row.checks) + " of " + std::to_string(row.checks) + " same";
  std::string text = scientific(row.deviation) + (row.tolerance.relative ? " of the largest" : "");
  if (!row.where.empty() && row.deviation > 0) text += " (" + row.where + ")";
  return text;
}

void Report::print(std::ostream& out) const {
  out << title_ << '\n';
  std::size_t width = 8;
  for (const Row& row : rows_) width = std::max(width, row.quantity.size());
  const auto line = [&](const char* verdict, const Row& row) -> std::ostream& {
    return out << "  " << std::left << std::setw(8) << verdict << std::setw(static_cast<int>(width) + 2)
               << row.quantity;
  };
  for (const Row& row : rows_) {
    if (!row.skipped.empty()) {
      line("skipped", row) << row.skipped << '\n';
      continue;
    }
    line(row.wrong == 0 ? "ok" : "FAILED", row) << std::left << std::setw(36) << finding(row);
    out << "  tolerance " << (row.counted ? std::string("none") : scientific(row.tolerance.limit));
    if (row.wrong > 0 && row.checks > 1) out << ", " << row.wrong << " of " << row.checks << " wrong";
    out << '\n';
  }
  out << (passed() ? "passed" : rows_.empty() ? "FAILED: nothing was compared" : "FAILED") << '\n';
}

}  // namespace mao_program::replay
