// What the owner of the algorithm decides: dimensions, heads, value weights, re-rank rules,
// exploration, learning rates, limits. The engine reads nothing else, so the bundle's SHA-256
// names the algorithm. docs/formats/bundle.md describes the text form.
//
// A value type. Thread safe to read. `parse` accepts exactly what `canonical` can say: every field,
// no other field, every value within its range; so a bundle that parses is one the engine can run.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"

namespace rondo::recommender {

// What the ranker predicts. The order is that of weights in checkpoints: append only.
enum class Head : uint8_t {
  kSkip,
  kFinish,
  kWatch,
  kLike,
  kComment,
  kShare,
  kSave,
  kFollow,
  kNotInterested,
  kReport
};
inline constexpr size_t kHeads = 10;
std::string_view head_name(Head head);

// When a head that nothing has happened for is an outcome too.
enum class Window : uint8_t {
  kOutcome,  // with the watch
  kSoon,     // within the hour: like, comment, share, save
  kLate,     // within the day: follow, not interested, report
};
Window head_window(Head head);
// Heads whose outcome speaks against the video.
constexpr bool is_negative(Head head) {
  return head == Head::kSkip || head == Head::kNotInterested || head == Head::kReport;
}

// The dense inputs of the ranker (features/example_features.h computes them). Append only.
enum class Feature : uint8_t {
  kTopicAffinity,     // -1..1, of this viewer for the video's topics
  kAuthorAffinity,    // -1..1
  kFollowsAuthor,     // 0 or 1
  kVideoFinishRate,   // smoothed and decayed, minus the network's prior
  kVideoSkipRate,     // the same
  kVideoLikeRate,     // the same
  kVideoImpressions,  // log of the impressions of the last day
  kFreshness,         // 1 when just published, falling to 0
  kTopicFinishRate,
  kAuthorFinishRate,
  kDuration,        // log scale, 0 at 15 s
  kLanguageMatch,   // 1 same, -1 other, 0 unknown
  kViewerSkipRate,  // of this viewer's recent outcomes
  kViewerFinishRate,
  kPosition,      // in training the slot's place in the page; fixed at 0 when serving
  kTopicNovelty,  // 1 when this viewer has not met the topic, falling to 0
  kTaste,         // personal retrieval's inner product, -4..4
  kCoWatchLift,   // -3..3, how much likelier others with these likes are to like it, as a log
  // -2..2: what its topics, author, language and length add to the log odds that this viewer stays,
  // by the latest outcomes, halved.
  kTopicLately,
  kAuthorLately,
  kLanguageLately,
  kLengthLately,
  kTopicRepeats,   // 0..: how much of its topic the viewer has just had
  kAuthorRepeats,  // 0..: the same of its author
};
inline constexpr size_t kFeatures = 24;
std::string_view feature_name(Feature feature);

// The id spaces that have an embedding table each. Append only.
enum class Slot : uint8_t { kViewer, kVideo, kAuthor, kTopic, kDuration };
inline constexpr size_t kSlots = 5;
std::string_view slot_name(Slot slot);

// What a viewer may have a taste for. Append only.
enum class Taste : uint8_t { kTopic, kAuthor, kLanguage, kLength };
inline constexpr size_t kTastes = 4;

struct Weights;

struct Bundle {
  struct Model {
    uint32_t dimensions;        // of an embedding row, a multiple of 16
    float init_scale;           // rows start uniform in +-init_scale
    float history_decay;        // weight of a viewer's outcome against the one after it, in pooling
    uint32_t history_attended;  // outcomes that the network attends to
    uint32_t hidden_1;          // units of the network's layers, multiples of 16
    uint32_t hidden_2;
  };
  struct HeadOptions {
    float prior;  // base rate that the bias starts from
    float loss_weight;
    float value_weight;                     // in the score of a slot
    float negative_share;                   // of "did not happen" that is trained on, undone in the
                                            // logit; 1: all
    std::array<float, kFeatures> features;  // starting weights
  };
  struct SlotOptions {
    uint32_t admit_after;  // occurrences before an id gets a vector
    uint32_t ttl_hours;    // unused for longer: forgotten
    uint32_t rows_max;     // beyond it the one unused for longest goes
  };
  struct Training {
    uint32_t batch_examples;
    uint32_t viewer_examples_max;  // a viewer with more in a batch has them scaled down to this
    float embedding_rate;
    float dense_rate;
    float adagrad_initial;
    float gradient_norm_max;        // of one row in one step
    float dense_gradient_norm_max;  // of the shared weights in one step
    float logit_max;
    float loss_max;  // mean loss of a batch beyond which the step is rejected
  };
  struct Outcomes {
    uint32_t skip_ms;              // a watch shorter than this that did not finish is a skip
    float finish_fraction;         // of the duration that counts as finished
    uint32_t reservation_minutes;  // until an unshown slot frees its video
    uint32_t soon_minutes;         // after the impression, until no like, comment, share or save
                                   // is an outcome
    uint32_t late_minutes;         // the same for follow, not interested, report
    bool operator==(const Outcomes&) const = default;
  };
  struct Affinity {
    float half_life_hours;
    float event_decay;  // what earlier evidence about a topic keeps at each new outcome
    float smoothing;    // pseudo-evidence for "do not know"
    float finish;       // evidence of each outcome
    float watch;        // of one neither to the end nor skipped, were it longer than all others
    float like;
    float skip;
    float not_interested;
    float minor_topic;  // weight of topics after the first
    bool operator==(const Affinity&) const = default;
  };
  struct Tastes {                          // log odds of staying with a video
    std::array<float, kTastes> deviation;  // among viewers: what is believed of what was not met
    std::array<float, kTastes> drift;      // variance that comes back at each outcome
    uint32_t half_life_hours;
    float doubt_max;    // beyond which all of a viewer's tastes are taken to have turned
    float turned_left;  // of the evidence of before, then
    bool operator==(const Tastes&) const = default;
  };
  struct Value {  // direct terms of the score beside the heads'
    float topic_affinity;
    float topic_lately;
    float author_affinity;
    float follows_author;
    float freshness;
    float novelty;      // of the topic for this viewer
    float taste;        // personal retrieval's score
    float co_watch;     // estimate that somebody with these likes likes it
    float popularity;   // share of viewers who like it
    float asked_topic;  // the level, -1..1, that the viewer has asked of its topics
  };
  struct Towers {
    uint32_t dimensions;  // of a vector, a multiple of 16
    float init_scale;     // rows start uniform in +-init_scale
    float adagrad_initial;
    float history_decay;  // weight of a like against the one after it
    uint32_t negatives;   // drawn uniformly for each step
    float rate;           // of the rows
    float mix_rate;       // of the viewer's matrix
    float decay;          // of a row at each of its steps
    uint32_t lists_from;  // videos from which on they are in lists, and not all are scanned
    uint32_t lists;       // of them
    float probed_share;   // of the videos: in the lists that a query reads
  };
  struct CoWatch {
    uint32_t window;             // of a viewer's latest likes that a new one is paired with
    float viewer_share;          // each of a viewer's n likes weighs n^-this; 0: all alike
    uint32_t neighbours_max;     // kept of a video
    uint32_t neighbours_solved;  // of them in the model
    float regularization;        // of the model, in counts
    float dropout;               // share of the likes that the model learns to do without
    uint32_t solve_per_tick;     // videos solved again at a Tick
  };
  struct Candidates {
    uint32_t personal;
    uint32_t match;
    uint32_t followed;
    uint32_t liked_by_followed;
    uint32_t sound;
    uint32_t co_watch;
    uint32_t trending_region;
    uint32_t trending;
    uint32_t fresh;
    uint32_t exploration;
    uint32_t topic_champions;  // best of each topic, so that a new viewer meets all topics
  };
  struct Rules {
    uint32_t author_gap;         // slots between two videos of one author
    uint32_t topic_run_max;      // neighbouring slots of one topic
    uint32_t window_slots;       // the slots that the next two look at: seen, held and placed
    float topic_share_max;       // of a window
    float repeat_penalty;        // per slot of the same topic in the window
    float cold_repeat_penalty;   // the same while the viewer is new; falls with outcomes
    float cold_outcomes;         // outcomes at which half of the cold penalty is gone
    float likeness_penalty;      // of a candidate whose vector is one's in the window
    uint32_t likeness_compared;  // the best by score that it counts for
    float temperature;           // of the softmax over adjusted scores
  };
  struct Exploration {
    float uniform_share;    // of a slot's probability, over all that is eligible
    float new_video_share;  // the same, over new videos within their budget
    float debut_hours;      // after publication, in which a video is to have its first budget
    float debut_outcomes;   // a viewer's, at which half of that share is taken from the viewer
    float debut_share_max;  // of a slot's probability, over those that have not, as they need it
    float
        new_topic_share;  // the same, over topics that the viewer has not met; falls with outcomes
    float new_topic_outcomes;  // outcomes at which half of it is gone
    float bonus;               // deviation of what is not known of a new video's worth, over
                               // sqrt(1 + impressions)
    float temperature;
    std::array<uint32_t, 3> budget_impressions;  // in all, at the end of each stage
    float promotion;  // lower bound of the finish rate, as a share of the network's, to go on
  };
  struct Limits {
    uint32_t viewers_max;
    uint32_t videos_max;
    uint32_t authors_max;
    uint32_t topics_max;
    uint32_t pending_slots_max;
    uint32_t viewer_history_max;
    uint32_t viewer_reserved_max;
    uint32_t viewer_follows_max;
    uint32_t anonymous_idle_days;  // an anonymous viewer is forgotten after it
    bool operator==(const Limits&) const = default;
  };

  // What it starts from; none: nothing learned yet. Named by the bundle's hash too.
  struct Start {
    std::shared_ptr<const Weights> weights;
    base::Sha256Digest sha256{};  // of the file, as Weights::safetensors writes it
  };
  Start start;

  Model model;
  std::array<HeadOptions, kHeads> heads;
  std::array<SlotOptions, kSlots> slots;
  Training training;
  Outcomes outcomes;
  Affinity affinity;
  Tastes tastes;
  Value value;
  Towers towers;
  CoWatch co_watch;
  Candidates candidates;
  Rules rules;
  Exploration exploration;
  Limits limits;

  static Bundle defaults();
  // invalid, with the field's path and its range, when the text is not a bundle.
  static Result<Bundle> parse(std::string_view json);
  // One text for one bundle: fixed order of fields, shortest numbers that read back the same.
  std::string canonical() const;
  // Of the canonical text, followed by the weights' hash when there are weights.
  base::Sha256Digest sha256() const;
  // Takes starting weights; invalid when they do not fit this bundle.
  Result<void> load_weights(std::string_view safetensors);

  const HeadOptions& head(Head h) const { return heads[static_cast<size_t>(h)]; }
  const SlotOptions& slot(Slot s) const { return slots[static_cast<size_t>(s)]; }
};

}  // namespace rondo::recommender
