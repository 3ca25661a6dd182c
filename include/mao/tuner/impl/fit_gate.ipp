// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/fit_gate.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// What L-BFGS remembers of the last steps: an estimate of the inverse second derivatives.
/// **Source** Nocedal and Wright, Numerical Optimization, algorithm 7.4.
class Curvature {
 public:
  void add(const Eigen::VectorXd& moved, const Eigen::VectorXd& changed) {
    if (moved.dot(changed) <= 1e-12 * changed.squaredNorm()) return;
    if (steps_.size() == 10) steps_.erase(steps_.begin());
    steps_.push_back({moved, changed, 1 / moved.dot(changed)});
  }

  [[nodiscard]] Eigen::VectorXd direction(Eigen::VectorXd gradient) const {
    std::vector<double> along(steps_.size());
    for (std::size_t i = steps_.size(); i-- > 0;) {
      along[i] = steps_[i].inverse * steps_[i].moved.dot(gradient);
      gradient -= along[i] * steps_[i].changed;
    }
    if (!steps_.empty()) gradient /= steps_.back().inverse * steps_.back().changed.squaredNorm();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      gradient += (along[i] - steps_[i].inverse * steps_[i].changed.dot(gradient)) * steps_[i].moved;
    }
    return gradient;
  }

 private:
  struct Step {
    Eigen::VectorXd moved, changed;
    double inverse = 0;
  };
  std::vector<Step> steps_;
};

/// Softmax regression of groups. Group 0 has no weights of its own: only differences matter. The parameters are the
/// weights and bias of group 1, of group 2, ..., then the shares.
class GateRegression {
 public:
  GateRegression(const GateImages& images, std::int64_t groups, const std::vector<double>& proportions)
      : groups_(groups), labels_(images.groups), inputs_(images.features.rows(), images.features.cols() + 1) {
    inputs_ << images.features.cast<double>(), Eigen::VectorXd::Ones(images.features.rows());
    for (const Eigen::MatrixXf& mass : images.masses) masses_.push_back(mass.cast<double>());
    std::vector<double> counts(static_cast<std::size_t>(groups));
    for (const std::int64_t group : labels_) ++counts[static_cast<std::size_t>(group)];
    const double sum = std::accumulate(proportions.begin(), proportions.end(), 0.0);
    const auto images_in_all = static_cast<double>(labels_.size());
    for (const std::int64_t group : labels_) {
      const auto g = static_cast<std::size_t>(group);
      const double share = proportions.empty() ? 1 / static_cast<double>(groups) : proportions[g] / sum;
      importance_.push_back(share * images_in_all / counts[g]);
    }
  }

  [[nodiscard]] Eigen::Index width() const { return inputs_.cols(); }
  [[nodiscard]] Eigen::Index parameters() const {
    return (groups_ - 1) * width() + static_cast<Eigen::Index>(masses_.size());
  }

  /// **Shape** [N, G].
  [[nodiscard]] Eigen::MatrixXd log_probabilities(const Eigen::VectorXd& at) const {
    Eigen::MatrixXd scores = Eigen::MatrixXd::Zero(inputs_.rows(), groups_);
    for (Eigen::Index g = 1; g < groups_; ++g) scores.col(g) = inputs_ * at.segment((g - 1) * width(), width());
    for (std::size_t k = 0; k < masses_.size(); ++k) scores += share(at, k) * masses_[k];
    const Eigen::VectorXd most = scores.rowwise().maxCoeff();
    scores.colwise() -= most;
    const Eigen::VectorXd norm = scores.array().exp().rowwise().sum().log().matrix();
    scores.colwise() -= norm;
    return scores;
  }

  /// Weighted log-likelihood of the images where `used`.
  [[nodiscard]] double likelihood(const Eigen::VectorXd& at, const std::vector<bool>& used) const {
    const Eigen::MatrixXd logs = log_probabilities(at);
    double sum = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (used[i]) sum += importance_[i] * logs(static_cast<Eigen::Index>(i), labels_[i]);
    }
    return sum;
  }

  /// L-BFGS with halved steps; the loss is convex. Shares carry almost no penalty, biases none to speak of.
  [[nodiscard]] Eigen::VectorXd fit(double penalty, const std::vector<bool>& used, Eigen::VectorXd at) const {
    Eigen::VectorXd ridge = Eigen::VectorXd::Constant(parameters(), penalty), gradient;
    for (Eigen::Index g = 1; g < groups_; ++g) ridge(g * width() - 1) = 1e-6;
    ridge.tail(static_cast<Eigen::Index>(masses_.size())).setConstant(1e-3);
    double now = loss(at, ridge, used, gradient);
    Curvature curvature;
    for (int step = 0; step < 500; ++step) {
      const Eigen::VectorXd direction = curvature.direction(gradient);
      double size = step == 0 ? 1 / std::max(1.0, gradient.norm()) : 1;
      Eigen::VectorXd after, there = at - size * direction;
      double next = loss(there, ridge, used, after);
      const double slope = gradient.dot(direction);
      while (next > now - 1e-4 * size * slope && size > 1e-9) {
        there = at - (size *= 0.5) * direction;
        next = loss(there, ridge, used, after);
      }
      if (!(next < now)) break;
      curvature.add(there - at, after - gradient);
      const double gain = now - next;
      at = there, gradient = after, now = next;
      if (gain < 1e-7 * (1 + std::abs(now))) break;
    }
    return at;
  }

  /// Mean accuracy over groups where `used`, from counts that are added up.
  void count_right(const Eigen::VectorXd& at, const std::vector<bool>& used, std::vector<double>& right) const {
    const Eigen::MatrixXd logs = log_probabilities(at);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      Eigen::Index best = 0;
      logs.row(static_cast<Eigen::Index>(i)).maxCoeff(&best);
      if (used[i] && best == labels_[i]) right[static_cast<std::size_t>(best)] += 1;
    }
  }

 private:
  [[nodiscard]] double share(const Eigen::VectorXd& at, std::size_t k) const {
    return at((groups_ - 1) * width() + static_cast<Eigen::Index>(k));
  }

  /// The loss over the images where `used`, and its gradient.
  [[nodiscard]] double loss(const Eigen::VectorXd& at, const Eigen::VectorXd& ridge, const std::vector<bool>& used,
                            Eigen::VectorXd& gradient) const {
    const Eigen::MatrixXd logs = log_probabilities(at);
    Eigen::MatrixXd error = logs.array().exp().matrix();  // d loss / d score
    double sum = 0.5 * ridge.dot(at.cwiseAbs2());
    for (Eigen::Index i = 0; i < error.rows(); ++i) {
      const auto image = static_cast<std::size_t>(i);
      const double weight = used[image] ? importance_[image] : 0;
      sum -= weight * logs(i, labels_[image]);
      error(i, labels_[image]) -= 1;
      error.row(i) *= weight;
    }
    gradient = ridge.cwiseProduct(at);
    for (Eigen::Index g = 1; g < groups_; ++g) {
      gradient.segment((g - 1) * width(), width()) += inputs_.transpose() * error.col(g);
    }
    for (std::size_t k = 0; k < masses_.size(); ++k) {
      gradient((groups_ - 1) * width() + static_cast<Eigen::Index>(k)) += error.cwiseProduct(masses_[k]).sum();
    }
    return sum;
  }

  std::int64_t groups_;
  std::vector<std::int64_t> labels_;
  Eigen::MatrixXd inputs_;  // [N, D + 1], the last is 1
  std::vector<Eigen::MatrixXd> masses_;
  std::vector<double> importance_;
};

MAO_INLINE void check_gate_images(const GateImages& images, std::int64_t groups, const GateFitOptions& options) {
  const Eigen::Index count = images.features.rows();
  require<ShapeError>(count == std::ssize(images.groups), "fit_gate: features of ", count, " images and the groups of ",
                      images.groups.size(), ", expected one each");
  for (const Eigen::MatrixXf& mass : images.masses) {
    require<ShapeError>(mass.rows() == count && mass.cols() == groups, "fit_gate: log-probabilities of ", mass.rows(),
                        " images and ", mass.cols(), " groups, expected ", count, " and ", groups);
    require<NumericError>(mass.allFinite(), "fit_gate: a log-probability is not finite, expected finite numbers");
  }
  require<NumericError>(images.features.allFinite(), "fit_gate: a feature is not finite, expected finite numbers");
  require<OptionError>(options.folds >= 2, "fit_gate: ", options.folds, " folds, expected 2 or more");
  require<OptionError>(!options.penalties.empty() && std::ranges::min(options.penalties) > 0,
                       "fit_gate: penalties, expected one or more, all above 0");
  require<OptionError>(options.proportions.empty() ||
                           (std::ssize(options.proportions) == groups && std::ranges::min(options.proportions) > 0),
                       "fit_gate: ", options.proportions.size(), " proportions for ", groups,
                       " groups, expected one each, above 0");
}

/// The fold of each image: in turn within its group. **Throws** `DataError` for a group of too few images.
MAO_INLINE std::vector<int> folds_of(const std::vector<std::int64_t>& groups, std::int64_t count, int folds) {
  std::vector<int> seen(static_cast<std::size_t>(count)), fold;
  for (const std::int64_t group : groups) fold.push_back(seen[static_cast<std::size_t>(group)]++ % folds);
  const auto fewest = std::ranges::min_element(seen);
  require<DataError>(count >= 2 && *fewest >= folds, "fit_gate: ", count, " groups, the smallest with ",
                     count > 0 ? *fewest : 0, " images; expected two groups or more, each with ", folds,
                     " images or more");
  return fold;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE GateFit fit_gate(const GateImages& images, const GateFitOptions& options) {
  require<DataError>(!images.groups.empty() && std::ranges::min(images.groups) >= 0,
                     "fit_gate: no images, or a group below 0; expected groups from 0 on");
  const std::int64_t groups = std::ranges::max(images.groups) + 1;
  detail::check_gate_images(images, groups, options);
  const std::vector<int> fold = detail::folds_of(images.groups, groups, options.folds);
  const detail::GateRegression regression(images, groups, options.proportions);
  const Eigen::VectorXd nothing = Eigen::VectorXd::Zero(regression.parameters());
  GateFit found;
  double best = -std::numeric_limits<double>::infinity();
  std::vector<double> of_group(static_cast<std::size_t>(groups));
  for (const std::int64_t group : images.groups) ++of_group[static_cast<std::size_t>(group)];
  std::vector<double> penalties = options.penalties;
  std::ranges::sort(penalties, std::greater<>());  // each fit begins where the one before ended
  std::vector<Eigen::VectorXd> at(static_cast<std::size_t>(options.folds), nothing);
  for (const double penalty : penalties) {
    double likelihood = 0, accuracy = 0;
    std::vector<double> right(static_cast<std::size_t>(groups));
    for (int out = 0; out < options.folds; ++out) {
      std::vector<bool> used(fold.size()), left(fold.size());
      for (std::size_t i = 0; i < fold.size(); ++i) used[i] = !(left[i] = fold[i] == out);
      auto& start = at[static_cast<std::size_t>(out)];
      start = regression.fit(penalty, used, start);
      likelihood += regression.likelihood(start, left);
      regression.count_right(start, left, right);
    }
    for (std::size_t g = 0; g < right.size(); ++g)
      accuracy += 100 * right[g] / of_group[g] / static_cast<double>(groups);
    if (!(likelihood > best)) continue;
    best = likelihood;
    found.penalty = penalty;
    found.held_out = accuracy;
  }
  const Eigen::VectorXd fit = regression.fit(found.penalty, std::vector<bool>(fold.size(), true), nothing);
  const Eigen::Index width = regression.width();
  found.weight = Eigen::MatrixXf::Zero(groups, width - 1);
  found.bias = Eigen::VectorXf::Zero(groups);
  for (Eigen::Index g = 1; g < groups; ++g) {
    found.weight.row(g) = fit.segment((g - 1) * width, width - 1).transpose().cast<float>();
    found.bias(g) = static_cast<float>(fit(g * width - 1));
  }
  const auto shares = fit.tail(static_cast<Eigen::Index>(images.masses.size()));
  found.shares.assign(shares.begin(), shares.end());
  return found;
}

}  // namespace mao
