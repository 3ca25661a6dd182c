// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The headers for a program that tunes prompts: a CLIP, CoOp, images, the recipes, base-to-new and the observers.

#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/few_shot.hpp>
#include <mao/data/open.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/tuner/observers.hpp>
#include <mao/tuner/prompts_file.hpp>
#include <mao/tuner/recipes.hpp>
