// What most files of this folder include, parsed once for them. A larger list would cost each of them more than it
// saves the others.
#include <mao/embedded/archetypes.hpp>
#include <mao/tuner/recipes.hpp>
