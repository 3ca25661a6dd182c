// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/joined_classifier.hpp>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE ClassList joined_list(const std::vector<ClassList>& groups) {
  ClassList all;
  std::map<std::string, std::size_t> first;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::string& name : groups[g].names) {
      const auto [found, is_new] = first.try_emplace(name, g);
      require<DataError>(is_new || found->second == g, "the class '", name, "' is in group ", found->second + 1,
                         " and in group ", g + 1, "; expected each class in one group");
      all.names.push_back(name);
    }
    if (groups[g].same_names == SameNames::accept) all.same_names = SameNames::accept;
  }
  return all;
}

MAO_INLINE std::vector<std::int64_t> places_in(const ClassList& classes, const ClassList& all) {
  if (classes == all) return Candidates::all(all.size()).ids;  // two classes may have one name
  std::map<std::string, std::int64_t> place_of;
  for (std::int64_t i = 0; i < all.size(); ++i) place_of.try_emplace(all.names[static_cast<std::size_t>(i)], i);
  std::vector<std::int64_t> places;
  for (const std::string& name : classes.names) {
    const auto found = place_of.find(name);
    require<OptionError>(found != place_of.end(), "the class '", name, "' is in no group of these prompts, which have ",
                         class_text(all), "; add it as a group of its own (`mao add`)");
    places.push_back(found->second);
  }
  return places;
}

}  // namespace mao::detail
