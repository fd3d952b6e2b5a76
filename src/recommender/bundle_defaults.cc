// The bundle that is built in: every number that the engine starts with.
#include "recommender/bundle.h"

namespace rondo::recommender {

Bundle Bundle::defaults() {
  Bundle b;
  b.model = {.dimensions = 16,
             .init_scale = 0.1f,
             .history_decay = 0.97f,
             .history_attended = 32,
             .hidden_1 = 64,
             .hidden_2 = 32};
  // Starting weights say what is known of any short-video network: interest carries over, popular
  // things are popular. The log corrects them.
  //                                          topic author follow vfin vskip vlike vimp fresh tfin
  //                                          afin dur lang vskip vfin pos novelty
  b.heads[size_t(Head::kSkip)] = {
      0.45f,
      1.0f,
      -1.6f,
      1,
      {-1.5f, -0.8f, -0.5f, -0.5f, 2, 0, 0, 0, -0.5f, -0.5f, 0, -0.3f, 1.5f, 0, 0, 0, 0, -0.4f}};
  b.heads[size_t(Head::kFinish)] = {
      0.30f,
      1.0f,
      0.5f,
      1,
      {1.5f, 0.8f, 0.5f, 2, -0.5f, 0, 0, 0, 0.5f, 0.5f, -0.3f, 0.3f, 0, 1.5f, 0, 0, 0, 0.4f}};
  b.heads[size_t(Head::kWatch)] = {
      0.45f,
      1.0f,
      1.5f,
      1,
      {1, 0.5f, 0.3f, 1, -0.5f, 0, 0, 0, 0.5f, 0.5f, 0, 0.3f, -0.5f, 0.5f, 0, 0, 0, 0.3f}};
  b.heads[size_t(Head::kLike)] = {
      0.03f, 0.5f, 2.0f, 0.5f, {1, 1, 0.5f, 0.5f, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.4f}};
  // What happens seldom: the same direction as a like, or against it.
  auto seldom = [&b](Head head, float prior, float worth, float loss) {
    float toward = is_negative(head) ? -1.0f : 1.0f;
    auto& h = b.heads[static_cast<size_t>(head)];
    h = {prior, loss, worth, 0.25f, {}};
    h.features[static_cast<size_t>(Feature::kTopicAffinity)] = toward;
    h.features[static_cast<size_t>(Feature::kAuthorAffinity)] = toward;
    h.features[static_cast<size_t>(Feature::kCoWatchLift)] = 0.4f * toward;
  };
  seldom(Head::kComment, 0.005f, 3, 0.3f);
  seldom(Head::kShare, 0.005f, 4, 0.3f);
  seldom(Head::kSave, 0.01f, 3, 0.3f);
  seldom(Head::kFollow, 0.005f, 5, 0.3f);
  seldom(Head::kNotInterested, 0.005f, -8, 0.5f);
  seldom(Head::kReport, 0.0005f, -20, 0.5f);
  b.slots[size_t(Slot::kViewer)] = {2, 24 * 30, 2'000'000};
  b.slots[size_t(Slot::kVideo)] = {2, 24 * 90, 1'000'000};
  b.slots[size_t(Slot::kAuthor)] = {2, 24 * 180, 1'000'000};
  b.slots[size_t(Slot::kTopic)] = {2, 24 * 180, 65'536};
  b.slots[size_t(Slot::kDuration)] = {1, 24 * 366, 64};
  b.training = {.batch_examples = 64,
                .viewer_examples_max = 16,
                .embedding_rate = 0.04f,
                .dense_rate = 0.02f,
                .adagrad_initial = 0.1f,
                .gradient_norm_max = 4,
                .dense_gradient_norm_max = 32,
                .logit_max = 15,
                .loss_max = 20};
  b.outcomes = {.skip_ms = 2000,
                .finish_fraction = 0.95f,
                .reservation_minutes = 30,
                .soon_minutes = 60,
                .late_minutes = 24 * 60};
  b.affinity = {.half_life_hours = 24 * 7,
                .event_decay = 0.92f,
                .smoothing = 1,
                .finish = 1,
                .watch = 1,
                .like = 1.5f,
                .skip = 0.7f,
                .not_interested = 3,
                .minor_topic = 0.4f};
  b.tastes = {.deviation = {1.5f, 0.5f, 0.7f, 0.5f},
              .drift = {0.05f, 0.01f, 0.002f, 0.002f},
              .half_life_hours = 24 * 7,
              .doubt_max = 4,
              .turned_left = 0.1f};
  b.value = {.topic_affinity = 0.6f,
             .topic_lately = 0.6f,
             .author_affinity = 0.4f,
             .follows_author = 0.5f,
             .freshness = 0.1f,
             .novelty = 0.2f,
             .taste = 0,
             .co_watch = 0,
             .popularity = 0,
             .asked_topic = 2};
  b.towers = {.dimensions = 32,
              .init_scale = 0.1f,
              .adagrad_initial = 0.1f,
              .history_decay = 0.97f,
              .negatives = 32,
              .rate = 0.1f,
              .mix_rate = 0.01f,
              .decay = 0.0005f,
              .lists_from = 300'000,
              .lists = 1024,
              .probed_share = 0.25f};
  b.co_watch = {.window = 16,
                .viewer_share = 0.5f,
                .neighbours_max = 40,
                .neighbours_solved = 32,
                .regularization = 5,
                .dropout = 0,
                .solve_per_tick = 8};
  b.candidates = {.personal = 200,
                  .match = 150,
                  .followed = 60,
                  .liked_by_followed = 20,
                  .sound = 20,
                  .co_watch = 150,
                  .trending_region = 30,
                  .trending = 120,
                  .fresh = 60,
                  .exploration = 30,
                  .topic_champions = 64};
  b.rules = {.author_gap = 2,
             .topic_run_max = 2,
             .window_slots = 10,
             .topic_share_max = 0.6f,
             .repeat_penalty = 0.04f,
             .cold_repeat_penalty = 0.3f,
             .cold_outcomes = 2,
             .likeness_penalty = 0.1f,
             .likeness_compared = 100,
             .temperature = 0.04f};
  b.exploration = {.uniform_share = 0.01f,
                   .new_video_share = 0.02f,
                   .debut_hours = 1,
                   .debut_outcomes = 6,
                   .debut_share_max = 0.15f,
                   .new_topic_share = 0.05f,
                   .new_topic_outcomes = 6,
                   .bonus = 1,
                   .temperature = 0.3f,
                   .budget_impressions = {50, 500, 5000},
                   .promotion = 0.8f};
  b.limits = {.viewers_max = 2'000'000,
              .videos_max = 1'000'000,
              .authors_max = 1'000'000,
              .topics_max = 65'536,
              .pending_slots_max = 1'000'000,
              .viewer_history_max = 128,
              .viewer_reserved_max = 64,
              .viewer_follows_max = 5000,
              .anonymous_idle_days = 30};
  return b;
}

}  // namespace rondo::recommender
