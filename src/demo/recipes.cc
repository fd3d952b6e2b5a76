#include "demo/recipes.h"

#include <array>
#include <utility>

#include "demo/recipes_topics.h"

namespace rondo::demo {
namespace {

constexpr std::array kCreators = {
    Creator{"okafor.zooms", "Ada Okafor", "fractals", ""},
    Creator{"mira.iterates", "Mira Lindqvist", "fractals", "kaleidoscopes"},
    Creator{"petri.pia", "Pia Marchetti", "cells", ""},
    Creator{"tomas.rules", "Tomás Vega", "cells", "mazes"},
    Creator{"yuki.tides", "Yuki Hamasaki", "waves", ""},
    Creator{"salt.and.sine", "Noor & Elias", "waves", "light"},
    Creator{"inkpot.ines", "Inês Carvalho", "typography", ""},
    Creator{"quarter.past.kit", "Kit Adeyemi", "typography", "clocks"},
    Creator{"brass.bruno", "Bruno Keller", "clocks", ""},
    Creator{"lena.folds", "Lena Ortwin", "kaleidoscopes", ""},
    Creator{"soft.focus.fay", "Fay Donnelly", "light", ""},
    Creator{"lost.on.purpose", "Sanjay Rao", "mazes", ""},
};

std::vector<Recipe> interleaved() {
  std::array all = {topics::fractals(),   topics::cells(),         topics::waves(),
                    topics::typography(), topics::kaleidoscopes(), topics::clocks(),
                    topics::light(),      topics::mazes()};
  std::vector<Recipe> out;
  for (std::size_t turn = 0; turn < all[0].size(); ++turn) {
    for (std::vector<Recipe>& topic : all) out.push_back(std::move(topic.at(turn)));
  }
  return out;
}

}  // namespace

std::span<const Creator> creators() { return kCreators; }

std::span<const Recipe> recipes() {
  static const std::vector<Recipe> all = interleaved();
  return all;
}

}  // namespace rondo::demo
