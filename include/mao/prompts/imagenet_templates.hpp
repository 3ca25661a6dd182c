// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The sentences about photographs, drawings and toys for CLIP's ImageNet classifier, in the selection of
/// PromptSRC.

#include <string>
#include <vector>

namespace mao {

/// 60 templates with `{}`, the plain "a photo of a {}." first.
///
/// The first 60 of the 80 that CLIP's authors published for ImageNet, as for PromptSRC's teacher. An average does not
/// depend on their order. **Source** generated from a grammar of media, adjectives and articles.
std::vector<std::string> imagenet_templates();

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/imagenet_templates.ipp>
#endif
