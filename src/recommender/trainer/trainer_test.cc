#include "recommender/trainer/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::trainer {
namespace {

using features::Catalogue;

// A model with every row that the example touches admitted and away from zero.
class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() : catalogue(bundle), model(bundle) {
    std::vector<std::string> two{"a", "b"};
    std::vector<std::string> one{"b"};
    catalogue.publish({.video_id = 31,
                       .author_id = 9,
                       .duration_ms = 8000,
                       .topics = two,
                       .language = "en",
                       .sound_id = 0,
                       .published_us = 5},
                      5);
    catalogue.publish({.video_id = 32,
                       .author_id = 8,
                       .duration_ms = 90'000,
                       .topics = one,
                       .language = "en",
                       .sound_id = 0,
                       .published_us = 5},
                      5);
    for (uint32_t video : {0u, 1u}) {
      ranker::ItemFields fields = ranker::item_fields(catalogue, video);
      for (const auto& field : fields.list()) {
        for (int i = 0; i < 3; ++i) model.table(field.slot).occur(field.id, 1);
        randomise(model.table(field.slot).row(field.id));
      }
    }
    for (int i = 0; i < 3; ++i) model.table(Slot::kViewer).occur(7, 1);
    randomise(model.table(Slot::kViewer).row(7));
    for (float& w : model.dense()) w += 0.3f * (rng.uniform() - 0.5f);
    // The history's vectors are state: as if refreshed some time ago.
    ranker::Model::Items items;
    for (uint32_t i = 0; i < 2 * bundle.model.dimensions; ++i) {
      items.vectors.push_back(rng.uniform() - 0.5f);
    }
    items.biases.resize(2 * kHeads);
    RD_ASSERT(model.restore(std::move(items), 2).ok());
  }

  void randomise(embedding::Row row) {
    for (float& v : row.vector) v = rng.uniform() - 0.5f;
    for (float& v : row.bias) v = rng.uniform() - 0.5f;
  }

  Example example(uint32_t video) {
    Example e;
    e.viewer = 7;
    e.video = video;
    e.resolve(Head::kSkip, 0);
    e.resolve(Head::kFinish, 1);
    e.resolve(Head::kWatch, 0.7f);
    e.resolve(Head::kLike, 0);
    e.resolve(Head::kNotInterested, 1);
    e.history = {{1 - video, 64}, {video, -32}, {1 - video, 20}};
    for (float& f : e.features) f = rng.uniform() - 0.5f;
    for (uint32_t k = 0; k < bundle.model.dimensions; ++k) e.pooled.push_back(rng.uniform() - 0.5f);
    return e;
  }

  float loss(const Example& e, Gradients& g) {
    g.clear(model);
    return loss_and_gradient(model, bundle, catalogue, e, 1.0f, g);
  }

  // The slope of the loss by `parameter`, from below and from above: at a corner of a relu the two
  // differ, and the gradient may be either or between.
  void expect_slope(const Example& e, float& parameter, float gradient, const std::string& name) {
    constexpr float kStep = 4e-3f;
    constexpr float kTolerance = 3e-3f;
    Gradients unused;
    float at = parameter;
    float here = loss(e, unused);
    parameter = at + kStep;
    float above = (loss(e, unused) - here) / kStep;
    parameter = at - kStep;
    float below = (here - loss(e, unused)) / kStep;
    parameter = at;
    EXPECT_GE(gradient, std::min(above, below) - kTolerance) << name;
    EXPECT_LE(gradient, std::max(above, below) + kTolerance) << name;
    EXPECT_NEAR(above, below, 0.1f) << name;
  }

  base::Rng rng{5};
  const Bundle bundle = Bundle::defaults();
  Catalogue catalogue;
  ranker::Model model;
};

TEST_F(TrainerTest, GradientsAgreeWithFiniteDifferences) {
  for (uint32_t video : {0u, 1u}) {
    Example e = example(video);
    Gradients g;
    loss(e, g);
    float largest = 0;
    for (size_t i = 0; i < model.dense().size(); ++i) {
      expect_slope(e, model.dense()[i], g.dense[i], "dense " + std::to_string(i));
      largest = std::max(largest, std::abs(g.dense[i]));
    }
    EXPECT_GT(largest, 0.05f);
    ranker::ItemFields fields = ranker::item_fields(catalogue, video);
    ASSERT_EQ(g.rows.size(), 1 + fields.count);  // the viewer's and the item's
    Gradients rows = g;
    for (const auto& [slot, id] : g.rows) {
      embedding::Row row = model.table(slot).row(id);
      std::span<float> gradient = rows.row(slot, id);
      for (size_t k = 0; k < row.vector.size(); ++k) {
        expect_slope(e, row.vector[k], gradient[k], std::string(slot_name(slot)));
      }
      for (size_t h = 0; h < kHeads; ++h) {
        expect_slope(e, row.bias[h], gradient[row.vector.size() + h], "a bias");
      }
    }
  }
}

TEST_F(TrainerTest, AMaskedHeadTeachesNothing) {
  Example e = example(0);
  e.heads = 0;
  e.resolve(Head::kLike, 1);
  Gradients g;
  loss(e, g);
  const auto& layout = model.layout();
  for (size_t h = 0; h < kHeads; ++h) {
    bool like = static_cast<Head>(h) == Head::kLike;
    EXPECT_EQ(g.dense[layout.bias(h)] != 0, like);
    EXPECT_EQ(g.dense[layout.id_weight(h)] != 0, like);
  }
}

TEST_F(TrainerTest, LearnsWhatItIsShown) {
  Trainer trainer(bundle);
  Example liked = example(0);
  Example skipped = example(1);
  skipped.heads = 0;
  skipped.resolve(Head::kFinish, 0);
  skipped.resolve(Head::kSkip, 1);
  float before = 0;
  for (int step = 0; step < 200; ++step) {
    trainer.add(liked);
    trainer.add(skipped);
    trainer.close_batch(model, catalogue, 10);
    if (step == 0) before = trainer.progress.loss;
  }
  EXPECT_EQ(trainer.progress.examples, 400u);
  EXPECT_EQ(trainer.progress.rejected, 0u);
  auto finish = [&](const Example& e) {
    auto user = model.user(e.viewer, e.pooled, model.history_side(e.history));
    auto item = model.item(ranker::item_fields(catalogue, e.video));
    ranker::ItemView view{item.vector, item.bias};
    ranker::Logits logits{};
    ranker::Model::Pass pass;
    model.logits(user, std::span(&view, 1), std::span(&e.features, 1), logits, pass);
    return kernels::sigmoid(logits[size_t(Head::kFinish)]);
  };
  EXPECT_GT(finish(liked), 0.9f);
  EXPECT_LT(finish(skipped), 0.1f);
  EXPECT_GT(before, 0.0f);
}

TEST_F(TrainerTest, AStepThatIsNotANumberIsRejectedWhole) {
  Trainer trainer(bundle);
  Example bad = example(0);
  bad.features[3] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> dense = model.dense();
  float row = model.table(Slot::kVideo).find(31)[0];
  trainer.add(example(0));
  trainer.add(bad);
  trainer.close_batch(model, catalogue, 10);
  EXPECT_EQ(trainer.progress.rejected, 1u);
  EXPECT_EQ(trainer.progress.examples, 0u);
  EXPECT_TRUE(trainer.waiting().empty());
  EXPECT_EQ(model.dense(), dense);
  EXPECT_EQ(model.table(Slot::kVideo).find(31)[0], row);
}

TEST_F(TrainerTest, OneViewersShareOfABatchIsCapped) {
  // 48 examples of one viewer weigh what the cap allows: the same step as that many.
  auto run = [this](uint32_t copies, uint32_t cap) {
    Bundle b = bundle;
    b.training.viewer_examples_max = cap;
    b.training.gradient_norm_max = 1000;
    b.training.dense_gradient_norm_max = 10'000;
    ranker::Model m(b);
    RD_ASSERT(m.restore(model.items(), 2).ok());
    Trainer trainer(b);
    base::Rng saved = rng;
    Example e = example(0);
    rng = saved;
    for (uint32_t i = 0; i < copies; ++i) trainer.add(e);
    trainer.close_batch(m, catalogue, 10);
    return m.dense()[m.layout().bias(size_t(Head::kFinish))];
  };
  EXPECT_NEAR(run(48, 8), run(8, 8), 1e-5f);
  EXPECT_NE(run(48, 48), run(8, 8));
}

TEST_F(TrainerTest, ForgetsTheExamplesOfAViewer) {
  Trainer trainer(bundle);
  trainer.add(example(0));
  Example other = example(1);
  other.viewer = 99;
  trainer.add(other);
  trainer.forget(7);
  ASSERT_EQ(trainer.waiting().size(), 1u);
  EXPECT_EQ(trainer.waiting()[0].viewer, 99u);
}

TEST_F(TrainerTest, FillsABatchAtTheBundlesNumber) {
  Trainer trainer(bundle);
  for (uint32_t i = 1; i <= bundle.training.batch_examples; ++i) {
    EXPECT_EQ(trainer.add(example(0)), i == bundle.training.batch_examples);
  }
}

}  // namespace
}  // namespace rondo::recommender::trainer
