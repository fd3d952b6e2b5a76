// What the simulated network is made of: every number behind its people and videos. A value type;
// thread safe to read.
//
// They were written down, and committed, before the engine was tuned on anything they make. Where a
// constant has a source it says so; KuaiRand is the side tables of KuaiRand-Pure (7,583 videos,
// 27,285 users; https://kuairand.com), fitted once: the data is not read at run time. What has no
// source is a choice, made so that the shares of videos skipped, finished and liked, from a random
// feed to a perfect one, span what short-video networks tell of themselves.
//
// Engines are tuned on kTuningSeed; what is reported is the mean over kHeldOutSeeds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rondo::simulator {

inline constexpr uint64_t kTuningSeed = 1;
inline constexpr std::array<uint64_t, 5> kHeldOutSeeds = {101, 102, 103, 104, 105};

// Dimensions of style: what makes two videos of one topic different, and no hashtag tells.
inline constexpr size_t kStyles = 8;

struct Parameters {
  struct Topics {
    // KuaiRand: 46 tags; the first 5, 10, 20, 40 have 42%, 65%, 87%, 99.5% of all uses. Share of
    // topic k falls as e^(-k fall): 40%, 64%, 87%, 98%.
    uint32_t count = 46;
    double fall = 0.1;
  } topics;

  struct Videos {
    uint32_t initial = 2000;       // published before the first viewer comes
    double initial_age_days = 30;  // spread evenly over it
    double new_per_hour = 4;       // Poisson, in log time
    // KuaiRand: of the 6,011 videos (82%) of at most three minutes, the logarithm of the seconds
    // has this mean and deviation; 7.4 s is the first percentile.
    double duration_log_mean = 3.93;
    double duration_log_deviation = 0.88;
    double duration_s_min = 5;
    double duration_s_max = 180;
    // KuaiRand: 75.1% one tag, 23.2% two, 0.4% three, 1.3% none. Main topics weigh 0.7 then.
    double two_topics = 0.236;
    double no_hashtag = 0.013;
    double main_topic_weight = 0.7;
    double wrong_hashtag = 0.05;  // the record names a topic that the video is not about
    // KuaiRand: 93.5% have a sound that no other video of the table has.
    double shared_sound = 0.065;
    uint32_t sounds = 60;
    double no_words = 0.1;  // understood by everybody; the record names no language
    // Quality of a video: its author's, its own, and now and then a hit. The sum gives popularity
    // its heavy tail.
    double quality_deviation = 0.5;
    double hit_share = 0.03;
    double hit_quality = 1.5;
  } videos;

  struct Authors {
    uint32_t count = 400;
    // How much an author makes: the exponential of a normal. KuaiRand's fans have a deviation of
    // 2.0; a table of videos sampled one by one tells nothing of videos an author. Fewer by half in
    // the logarithm: who has a hundred times the fans does not make a hundred times the videos.
    double volume_log_deviation = 1.0;
    double quality_deviation = 0.6;  // independent of volume: a fair feed has no reason to prefer
                                     // large authors
    double style_loyalty = 0.8;      // of a video's style that is its author's
    double topics_each = 2;          // an author makes videos of this many topics
  } authors;

  struct Languages {
    std::array<const char*, 3> names = {"en", "fr", "es"};
    std::array<double, 3> shares = {0.7, 0.2, 0.1};  // of viewers and videos
    double foreigners_read_first = 0.5;  // of the others also understand the first language
  } languages;

  struct Viewers {
    uint32_t initial = 400;
    double new_per_hour = 12;  // Poisson, in log time
    // KuaiRand: 66% full, 23% high, 8% middle, 3% low activity. Gaps between sessions as multiples
    // of the median gap.
    std::array<double, 4> activity_shares = {0.66, 0.23, 0.08, 0.03};
    std::array<double, 4> activity_gaps = {1, 2, 4, 10};
    double gap_minutes_median = 60;
    double gap_log_deviation = 0.6;
    double accounts = 0.6;  // signed in; the others are anonymous, and cannot follow

    // Interest in a topic, -1..1. Loved ones are drawn by the topics' shares to this power.
    uint32_t loved_min = 3;
    uint32_t loved_max = 5;
    uint32_t mild = 6;
    double loved_share_power = 0.75;
    std::array<double, 2> loved_interest = {0.6, 1.0};
    std::array<double, 2> mild_interest = {0.0, 0.4};
    std::array<double, 2> other_interest = {-0.8, 0.0};

    // What a video is worth to a viewer: the hidden utility, in units of the logit below.
    double topic_weight = 2.2;
    double style_weight = 1.2;  // of the inner product of two unit vectors
    double quality_weight = 0.6;
    double foreign_penalty = 1.5;
    double duration_weight = 0.35;  // of the squared distance of the logarithms from the taste
    double duration_taste_log_mean = 3.6;  // 37 s
    double duration_taste_log_deviation = 0.6;
    double mood_deviation = 0.5;  // of one viewing

    // Boredom: each viewing of a topic or author adds its weight, time takes it away; beyond what
    // is free it costs utility.
    double boredom_half_life_minutes = 15;
    double topic_boredom_free = 4;
    double topic_boredom_weight = 0.12;
    double author_boredom_free = 1.5;
    double author_boredom_weight = 0.3;
    // A fresh viewer to a tired one, over the time that the viewer has.
    double fatigue = 0.4;

    // Watching. Skips within two seconds: logistic in utility. Who does not skip watches for an
    // exponential time whose mean grows with utility, or to the end; then perhaps again.
    double skip_utility = 0.0;  // where half skip
    double skip_slope = 1.6;
    double patience_s_median = 25;  // at utility 0
    double patience_log_deviation = 0.4;
    double patience_growth = 0.7;  // e-fold a unit of utility
    double loop_utility = 2.2;     // where 30% watch again
    double loop_share_max = 0.6;
    uint32_t loops_max = 4;

    // Acts, by whoever has watched half of it or 20 s: propensity x logistic(utility - 1).
    double like_median = 0.15;
    double share_median = 0.02;
    double save_median = 0.03;
    double comment_median = 0.02;
    double follow_median = 0.03;
    double act_log_deviation = 0.8;
    // "Not interested", by whoever skips: propensity x logistic(-utility - 1).
    double not_interested_median = 0.01;

    // A session ends when the viewer's time is up, in the middle of a video; or after a viewing,
    // with a probability that each skip in a row raises.
    double session_minutes_median = 10;
    double session_log_deviation = 0.5;
    double leave_base = 0.003;
    double leave_skip = 0.03;
    double leave_max = 0.5;
    double swipe_s = 0.4;  // between two videos

    // Drift: at the start of a session, the chance that one loved topic gives way to another.
    double drift = 0.03;
  } viewers;

  uint32_t page_slots = 6;  // what the web client asks for
};

}  // namespace rondo::simulator
