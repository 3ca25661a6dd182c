// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Everything, room by room: a map, and for small programs. The library itself never includes it.

#include <mao/version.hpp>

// core
#include <mao/core/batch.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/device.hpp>
#include <mao/core/error.hpp>
#include <mao/core/instruction_set.hpp>
#include <mao/core/output.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/core/precision.hpp>
#include <mao/core/random.hpp>
#include <mao/core/tensor.hpp>

// io
#include <mao/io/checksum.hpp>
#include <mao/io/files.hpp>
#include <mao/io/json_text.hpp>
#include <mao/io/named_tensors.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/io/tensor_file.hpp>
#include <mao/io/text_file.hpp>
#include <mao/io/torch_archive.hpp>
#include <mao/io/torch_writer.hpp>

// data
#include <mao/data/aircraft.hpp>
#include <mao/data/auto_split.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/class_key.hpp>
#include <mao/data/class_names.hpp>
#include <mao/data/csv.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/decode.hpp>
#include <mao/data/few_shot.hpp>
#include <mao/data/few_shot_pickle.hpp>
#include <mao/data/folder.hpp>
#include <mao/data/image.hpp>
#include <mao/data/image_cache.hpp>
#include <mao/data/imagenet.hpp>
#include <mao/data/loader.hpp>
#include <mao/data/named.hpp>
#include <mao/data/open.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/data/random_crop.hpp>
#include <mao/data/registry.hpp>
#include <mao/data/split_json.hpp>
#include <mao/data/unread_files.hpp>

// text
#include <mao/text/bert.hpp>
#include <mao/text/bpe.hpp>
#include <mao/text/clean.hpp>
#include <mao/text/mini_lm.hpp>
#include <mao/text/token_layout.hpp>
#include <mao/text/vocabulary.hpp>
#include <mao/text/word_piece.hpp>

// models
#include <mao/models/concepts.hpp>
#include <mao/models/any_model.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/block.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/models/cached_views.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/clip_text.hpp>
#include <mao/models/configuration.hpp>
#include <mao/models/cuda_text_pass.hpp>
#include <mao/models/feature_cache.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/models/form.hpp>
#include <mao/models/hugging_face_config.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/models/mobilenet_minilm.hpp>
#include <mao/models/mobilenet_v2.hpp>
#include <mao/models/on_device.hpp>
#include <mao/models/open_clip_config.hpp>
#include <mao/models/preprocess_config.hpp>
#include <mao/models/resnet_clip.hpp>
#include <mao/models/resnet_tower.hpp>
#include <mao/models/text_batch.hpp>
#include <mao/models/text_tower.hpp>
#include <mao/models/vision_tower.hpp>
#include <mao/models/weights.hpp>
#include <mao/models/wrappers.hpp>

// prompts
#include <mao/prompts/concepts.hpp>
#include <mao/prompts/adapter.hpp>
#include <mao/prompts/class_features.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/deep.hpp>
#include <mao/prompts/descriptions.hpp>
#include <mao/prompts/distinct_prompts.hpp>
#include <mao/prompts/imagenet_templates.hpp>
#include <mao/prompts/linear.hpp>
#include <mao/prompts/mixing_block.hpp>
#include <mao/prompts/nameless.hpp>
#include <mao/prompts/phrase.hpp>
#include <mao/prompts/pruning.hpp>
#include <mao/prompts/template_file.hpp>
#include <mao/prompts/templates.hpp>
#include <mao/prompts/token_bank.hpp>

// backbones
#include <mao/backbones/concepts.hpp>
#include <mao/backbones/adapt.hpp>
#include <mao/backbones/binding.hpp>
#include <mao/backbones/cocoop.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/coprompt.hpp>
#include <mao/backbones/dept.hpp>
#include <mao/backbones/description.hpp>
#include <mao/backbones/dpc.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/kgcoop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/proda.hpp>
#include <mao/backbones/prograd.hpp>
#include <mao/backbones/promptkd.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/backbones/tcp.hpp>
#include <mao/backbones/upt.hpp>
#include <mao/backbones/vpt.hpp>
#include <mao/backbones/zero_shot.hpp>

// labelers
#include <mao/labelers/concepts.hpp>
#include <mao/labelers/class_probabilities.hpp>
#include <mao/labelers/ensemble_labelers.hpp>
#include <mao/labelers/label_statistics.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/labelers/pool_labelers.hpp>

// sampling
#include <mao/sampling/concepts.hpp>
#include <mao/sampling/batch_shape.hpp>
#include <mao/sampling/file_similarity.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/prediction_negatives.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/sampling/similarity.hpp>
#include <mao/sampling/text_tower_similarity.hpp>

// regularizers
#include <mao/regularizers/concepts.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/regularizers/symmetric_contrast.hpp>

// schedules
#include <mao/schedules/concepts.hpp>
#include <mao/schedules/constant.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/schedules/step.hpp>
#include <mao/schedules/warm_up.hpp>

// optimizers
#include <mao/optimizers/optimizer.hpp>

// parallel
#include <mao/parallel/exchange.hpp>
#include <mao/parallel/launch.hpp>
#include <mao/parallel/shares.hpp>
#include <mao/parallel/workers.hpp>

// tuner
#include <mao/tuner/concepts.hpp>
#include <mao/tuner/checkpoint.hpp>
#include <mao/tuner/observers.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/prompt_tuner.hpp>
#include <mao/tuner/prompts_file.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/tuner/reference_checkpoint.hpp>
#include <mao/tuner/step.hpp>

// evaluation
#include <mao/evaluation/base_to_new.hpp>
#include <mao/evaluation/metrics.hpp>
#include <mao/evaluation/wilcoxon.hpp>

// embedded
#include <mao/embedded/clip.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/embedded/rendered_images.hpp>
#include <mao/embedded/tasks.hpp>
