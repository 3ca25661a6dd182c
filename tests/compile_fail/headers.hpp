// What the files of this folder include: parsed once for all of them.
#include <mao/backbones/dpc.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/promptkd.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/archetypes.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/mobilenet_minilm.hpp>
#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/sampling/prediction_negatives.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/tuner/recipes.hpp>
