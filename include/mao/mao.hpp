// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Everything, in the order of the data flow: a map, and for small programs. The library itself never includes it.

#include <mao/version.hpp>

// core
#include <mao/core/batch.hpp>
#include <mao/core/bytes.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/cpython_random.hpp>
#include <mao/core/error.hpp>
#include <mao/core/files.hpp>
#include <mao/core/named_tensors.hpp>
#include <mao/core/ops.hpp>
#include <mao/core/output.hpp>
#include <mao/core/pickle.hpp>
#include <mao/core/pickle_stack.hpp>
#include <mao/core/pickle_value.hpp>
#include <mao/core/random.hpp>
#include <mao/core/safetensors.hpp>
#include <mao/core/safetensors_header.hpp>
#include <mao/core/tensor.hpp>
#include <mao/core/tensor_file.hpp>
#include <mao/core/torch_archive.hpp>
#include <mao/core/torch_storage.hpp>
#include <mao/core/zip_archive.hpp>

// data
#include <mao/data/concepts.hpp>
#include <mao/data/auto_split.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/class_names.hpp>
#include <mao/data/csv.hpp>
#include <mao/data/csv_rows.hpp>
#include <mao/data/dataset.hpp>
#include <mao/data/decode.hpp>
#include <mao/data/decode_jpeg.hpp>
#include <mao/data/decode_png.hpp>
#include <mao/data/few_shot.hpp>
#include <mao/data/folder.hpp>
#include <mao/data/image.hpp>
#include <mao/data/image_cache.hpp>
#include <mao/data/labelled_rows.hpp>
#include <mao/data/load_job.hpp>
#include <mao/data/loader.hpp>
#include <mao/data/open.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/data/random_crop.hpp>
#include <mao/data/resize.hpp>
#include <mao/data/split_json.hpp>
#include <mao/data/transform.hpp>

// text
#include <mao/text/bert.hpp>
#include <mao/text/bert_encoder.hpp>
#include <mao/text/bert_words.hpp>
#include <mao/text/bpe.hpp>
#include <mao/text/bpe_files.hpp>
#include <mao/text/byte_symbols.hpp>
#include <mao/text/clean.hpp>
#include <mao/text/clip_pieces.hpp>
#include <mao/text/html.hpp>
#include <mao/text/html_entities.hpp>
#include <mao/text/lower_case.hpp>
#include <mao/text/merges.hpp>
#include <mao/text/mini_lm.hpp>
#include <mao/text/mojibake.hpp>
#include <mao/text/pair_merges.hpp>
#include <mao/text/token_layout.hpp>
#include <mao/text/unicode.hpp>
#include <mao/text/vocabulary.hpp>
#include <mao/text/word_piece.hpp>

// clip
#include <mao/clip/concepts.hpp>
#include <mao/clip/any_model.hpp>
#include <mao/clip/architecture.hpp>
#include <mao/clip/block.hpp>
#include <mao/clip/fingerprint.hpp>
#include <mao/clip/image_sources.hpp>
#include <mao/clip/model.hpp>
#include <mao/clip/names.hpp>
#include <mao/clip/text_batch.hpp>
#include <mao/clip/text_tower.hpp>
#include <mao/clip/vision_tower.hpp>
#include <mao/clip/weights.hpp>

// sampling
#include <mao/sampling/concepts.hpp>
#include <mao/sampling/batch_shape.hpp>
#include <mao/sampling/file_similarity.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/sampling/similarity.hpp>

// prompts
#include <mao/prompts/concepts.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/templates.hpp>
#include <mao/prompts/text_tower_similarity.hpp>

// backbones
#include <mao/backbones/concepts.hpp>
#include <mao/backbones/compare.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/labelers.hpp>
#include <mao/backbones/zero_shot.hpp>

// regularizers
#include <mao/regularizers/concepts.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/cross_entropy.hpp>

// schedules
#include <mao/schedules/concepts.hpp>
#include <mao/schedules/constant.hpp>
#include <mao/schedules/cosine.hpp>

// tuner
#include <mao/tuner/concepts.hpp>
#include <mao/tuner/checkpoint.hpp>
#include <mao/tuner/outputs.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/prompt_tuner.hpp>
#include <mao/tuner/prompts_file.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/tuner/reports.hpp>
#include <mao/tuner/sgd.hpp>

// evaluation
#include <mao/evaluation/base_to_new.hpp>
#include <mao/evaluation/metrics.hpp>

// report
#include <mao/report/progress.hpp>
#include <mao/report/run_folder.hpp>
