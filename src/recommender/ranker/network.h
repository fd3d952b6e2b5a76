// The deep part of the ranker: what the sums and products of the factorization cannot say. A shared
// bottom of two layers under all heads, over the candidate, its products with the viewer's vectors,
// what the candidate finds in the viewer's history, and the dense features.
//
//   x  = [ I | U*I | P*I | A | features ]              I, U, P: see model.h; * by element
//   A  = sum_j softmax_j(I . K_j / sqrt d) v_j K_j     scaled dot-product attention over the
//   history
//        K_j: the video's vector, v_j: how its outcome spoke for it (features::valence)
//   h1 = relu(W1' x + b1), h2 = relu(W2' h1 + b2), logit[h] += W3[.][h] . h2
//
// W3 starts at zero: a new network ranks by the factorization until the log says more. A row of the
// result depends on its own row of x only. The history's vectors are state, not parameters: no
// gradient goes into them. Matrices are row-major, inputs x outputs. Free functions, pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "recommender/bundle.h"

namespace rondo::recommender::ranker {

struct NetworkShape {
  explicit NetworkShape(const Bundle::Model& model)
      : d(model.dimensions), hidden1(model.hidden_1), hidden2(model.hidden_2) {}
  size_t inputs() const { return (4 * d + kFeatures + 15) / 16 * 16; }  // zero padded
  size_t w1() const { return 0; }
  size_t b1() const { return inputs() * hidden1; }
  size_t w2() const { return b1() + hidden1; }
  size_t b2() const { return w2() + hidden1 * hidden2; }
  size_t w3() const { return b2() + hidden2; }
  size_t size() const { return w3() + hidden2 * kHeads; }

  size_t d;
  size_t hidden1;
  size_t hidden2;
};

// The viewer's m latest outcomes as the attention sees them, newest first.
struct HistorySide {
  HistorySide() = default;
  HistorySide(std::vector<float> keys, std::vector<float> valence);
  size_t size() const { return valence.size(); }

  std::vector<float> keys;     // m x d
  std::vector<float> valence;  // m
  std::vector<float> across;   // d x m: the keys the other way round, over sqrt d
  std::vector<float> values;   // m x d: the keys times their valence
};

// What n candidates (n x d) find in the history: `out` (n x d), and the softmax of each into
// `weights` (n x m).
void attend(const HistorySide& history, std::span<const float> items, std::span<float> out,
            std::span<float> weights);
// Of one candidate: adds to `by_item` the slope by its vector, given the slope by what attend put
// out.
void attend_back(const HistorySide& history, std::span<const float> weights,
                 std::span<const float> out, std::span<const float> by_out,
                 std::span<float> by_item);

// Activations of n rows; reused from call to call.
struct Activations {
  std::vector<float> x, h1, h2;
};

// Starting weights by the shape alone.
void init_network(const NetworkShape& shape, std::span<float> parameters);
// logits (n x kHeads) += of the rows in `a.x` (n x inputs).
void forward(const NetworkShape& shape, std::span<const float> parameters, Activations& a,
             std::span<float> logits);
// The matrices the other way round, outputs x inputs: what the backward pass multiplies with.
struct Transposed {
  std::vector<float> w1, w2, w3;
};
Transposed transpose(const NetworkShape& shape, std::span<const float> parameters);
// From the slopes by the logits: adds to `gradient`, and gives those by x in `by_x` (n x inputs).
void backward(const NetworkShape& shape, const Transposed& transposed, const Activations& a,
              std::span<const float> by_logits, std::span<float> gradient,
              std::vector<float>& by_x);

}  // namespace rondo::recommender::ranker
