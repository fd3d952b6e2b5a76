// What is learned under one bundle: weights, rows, neighbours, and what waits to be learned from.
// A state has one arm; two while an experiment runs (state.h). Every arm learns from every outcome,
// whoever ranked the page: so arms differ by their bundles and not by their data
// (docs/decisions/0180).
#pragma once

#include "base/hash.h"
#include "recommender/bundle.h"
#include "recommender/ranker/model.h"
#include "recommender/retrieval/co_watch.h"
#include "recommender/retrieval/towers.h"
#include "recommender/trainer/trainer.h"

namespace rondo::recommender {

struct Arm {
  explicit Arm(const Bundle& b)
      : bundle(b),
        bundle_sha256(b.sha256()),
        co_watch(bundle),
        towers(bundle),
        model(bundle),
        trainer(bundle) {}
  // The parts refer to `bundle`.
  Arm(const Arm&) = delete;
  Arm& operator=(const Arm&) = delete;

  const Bundle bundle;
  const base::Sha256Digest bundle_sha256;

  retrieval::CoWatch co_watch;
  retrieval::Towers towers;
  ranker::Model model;
  trainer::Trainer trainer;

  // The video as ranking and retrieval read it, from its rows as they are.
  void refresh(const features::Catalogue& catalogue, uint32_t video) {
    model.refresh(catalogue, video);
    towers.refresh(catalogue, video);
  }
};

}  // namespace rondo::recommender
