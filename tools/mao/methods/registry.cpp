// SPDX-License-Identifier: Apache-2.0
#include "methods/registry.hpp"

#include <mao/models/on_device.hpp>

#include "nearest_name.hpp"

namespace mao_program {

std::map<std::string, MethodInfo>& methods() {
  static std::map<std::string, MethodInfo> all;
  return all;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names{"zero-shot"};
  for (const auto& [name, info] : methods()) names.push_back(name);
  return names;
}

const MethodInfo& method_named(const std::string& name) {
  const auto found = methods().find(name);
  if (found != methods().end()) return found->second;
  std::string list;
  for (const auto& [known, info] : methods()) list += (list.empty() ? "" : ", ") + known;
  throw OptionError(text_of("--method ", name, ": no such method", did_you_mean(name, method_names()),
                            "; expected zero-shot or one of ", list, " (`mao methods` describes them)"));
}

AnyBackbone make_backbone(const MethodInfo& info, const MethodContext& context,
                          const std::map<std::string, std::string>& options) {
  require<OptionError>(!info.prompts_towers || context.opened.model->takes_prompts(), "--method ", info.name,
                       " prompts deeper layers or the image tower, which this model does not support; tune only the "
                       "text context: coop, kgcoop, prograd or cocoop");
  OptionReader reader(options);
  AnyBackbone backbone = info.make(context, reader);
  cuda::move_parameters(backbone.parameters(), context.opened.device);
  return backbone;
}

}  // namespace mao_program
