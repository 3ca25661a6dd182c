// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/tasks.hpp>

#include <mao/core/error.hpp>

#include <set>
#include <sstream>
#include <string>

#include <support/catch.hpp>

namespace embedded = mao::embedded;

namespace {

std::set<std::string> words(const std::vector<std::string>& names) {
  std::set<std::string> result;
  for (const std::string& name : names) {
    std::istringstream stream(name);
    for (std::string word; stream >> word;) result.insert(word);
  }
  return result;
}

template <class T>
bool disjoint(const std::set<T>& left, const std::set<T>& right) {
  for (const T& each : left) {
    if (right.contains(each)) return false;
  }
  return true;
}

std::set<std::string> as_set(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

TEST_CASE("the tasks have as many classes as they say, none twice and none in both halves", "[embedded]") {
  const std::vector<std::pair<std::string, std::size_t>> expected = {{"sketch", 20}, {"shifted", 32}, {"disjoint", 24}};
  for (const auto& [name, count] : expected) {
    const embedded::Task& task = embedded::task(name);
    const auto base = as_set(task.class_names(embedded::Half::Base));
    const auto unseen = as_set(task.class_names(embedded::Half::New));
    INFO(name);
    CHECK(base.size() == count);
    CHECK(unseen.size() == count);
    CHECK(disjoint(base, unseen));
    CHECK(task.shots == 16);
    CHECK(task.test_images >= 30);
  }
}

TEST_CASE("the halves of disjoint share no attribute word", "[embedded]") {
  const embedded::Task& task = embedded::task("disjoint");
  CHECK(disjoint(words(task.class_names(embedded::Half::Base)), words(task.class_names(embedded::Half::New))));
}

TEST_CASE("pre-training sees no class of any task, but every attribute word", "[embedded]") {
  std::set<std::string> seen;
  for (const auto& each : embedded::seen_combinations()) seen.insert(embedded::name(each));
  std::set<std::string> held_out;
  for (const auto& each : embedded::held_out_combinations()) held_out.insert(embedded::name(each));
  CHECK(held_out.size() == 2 * (20 + 32 + 24));
  CHECK(seen.size() + held_out.size() == embedded::combination_count);
  CHECK(disjoint(seen, held_out));
  CHECK(words({seen.begin(), seen.end()}).size() == 25);
}

TEST_CASE("the class lists stay what they were when the weights were trained", "[embedded]") {
  CHECK(embedded::task("sketch").class_names(embedded::Half::Base).front() == "bordered green ring");
  CHECK(embedded::task("shifted").class_names(embedded::Half::New).back() == "plain gray heart");
  CHECK(embedded::task("disjoint").class_names(embedded::Half::Base).front() == "striped brown ring");
}

TEST_CASE("a task's images depend on half, split, class, index and seed alone", "[embedded]") {
  const embedded::Task& task = embedded::task("shifted");
  const auto base = embedded::Half::Base;
  const auto picture = embedded::render(task, base, embedded::Split::Test, 3, 5).pixels;
  CHECK(picture == embedded::render(task, base, embedded::Split::Test, 3, 5).pixels);
  CHECK(picture != embedded::render(task, base, embedded::Split::Train, 3, 5).pixels);
  CHECK(picture != embedded::render(task, base, embedded::Split::Test, 3, 6).pixels);
  CHECK(picture != embedded::render(task, base, embedded::Split::Test, 4, 5).pixels);
  CHECK(picture != embedded::render(task, embedded::Half::New, embedded::Split::Test, 3, 5).pixels);
  CHECK(picture != embedded::render(task, base, embedded::Split::Test, 3, 5, 1).pixels);
}

TEST_CASE("an unknown task or label is refused with what would work", "[embedded]") {
  CHECK_THROWS_WITH(embedded::task("sketchy"), ContainsSubstring("expected sketch, shifted or disjoint"));
  CHECK_THROWS_AS(embedded::render(embedded::task("sketch"), embedded::Half::New, embedded::Split::Test, 20, 0),
                  mao::OptionError);
}
