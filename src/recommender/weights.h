// What an engine has learned that is of videos and of nobody: the starting weights of a bundle.
// The shared weights and the rows of videos, authors, topics, durations and sounds, each with the
// state of its optimizer, so that learning goes on where it stopped. Rows of viewers are never
// here.
//
// Stored as safetensors (a JSON header with names, types and shapes, then the numbers): the format
// of the field, which holds data only. docs/formats/bundle.md lists the tensors.
//
// A value type. `parse` accepts what fits the bundle's dimensions, with every number finite.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "recommender/bundle.h"

namespace rondo::recommender {

struct Arm;

struct Weights {
  struct Rows {
    std::vector<uint64_t> ids;  // ascending
    std::vector<float> values;  // ids.size() x the table's stride
  };
  std::vector<float> dense;
  std::vector<float> dense_state;
  std::vector<float> mix;
  std::vector<float> mix_state;
  std::array<Rows, kSlots> model;  // none for Slot::kViewer
  std::array<Rows, 4> towers;      // by retrieval::TowerSlot

  std::string safetensors() const;
  // invalid, with the tensor's name and what is wrong with it.
  static Result<Weights> parse(std::string_view bytes, const Bundle& bundle);

  static Weights of(const Arm& arm);
  // Into an arm that has learned nothing yet, as if everything had occurred at `now_s`.
  void start(Arm& arm, uint32_t now_s) const;
};

}  // namespace rondo::recommender
