// The eight topics of the demo clips, one file each; recipes() puts them together.
#pragma once

#include <string>
#include <vector>

#include "demo/recipes.h"

namespace rondo::demo::topics {

std::vector<Recipe> fractals();
std::vector<Recipe> cells();
std::vector<Recipe> waves();
std::vector<Recipe> typography();
std::vector<Recipe> kaleidoscopes();
std::vector<Recipe> clocks();
std::vector<Recipe> light();
std::vector<Recipe> mazes();

}  // namespace rondo::demo::topics
