#include "simulator/simulation.h"

#include <time.h>

#include <algorithm>
#include <chrono>

#include "base/hash.h"
#include "simulator/chance.h"

namespace rondo::simulator {
namespace {

constexpr double kHourUs = 3600e6;
constexpr double kDayUs = 86'400e6;
constexpr uint64_t kStream = 0x5E55'1045;
constexpr uint32_t kBotNumbers = 5'000'000;
constexpr uint16_t kPushedTopic = 8;  // neither large nor small
constexpr float kPushedQuality = -1.0F;
constexpr uint32_t kBotLoops = 4;
constexpr uint32_t kCommitted = 2;

enum class Kind : uint8_t { kVideo, kNewViewer, kPerson };

struct Event {
  uint64_t at_us;
  Kind kind;
  uint32_t index;
  // The earliest first; equal ones in a fixed order.
  bool operator<(const Event& other) const {
    return std::tie(at_us, kind, index) > std::tie(other.at_us, other.kind, other.index);
  }
};

struct Person {
  Viewer viewer;
  bool bot = false;
  bool in_session = false;
  bool session_counts = false;
  std::deque<Place> committed;  // the one on screen first
  Viewing viewing;              // of it
  SessionTally session;
  uint32_t swipes = 0;
  std::optional<uint32_t> followed_from;  // swipes at which measuring began
};

// Adds up the real time of a scope.
class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), began_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() {
    sum_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& sum_;
  std::chrono::steady_clock::time_point began_;
};

// The same of this thread's time on a core: what other programs do meanwhile is not in it.
class CpuStopwatch {
 public:
  explicit CpuStopwatch(double& sum) : sum_(sum), began_(now()) {}
  ~CpuStopwatch() { sum_ += now() - began_; }
  CpuStopwatch(const CpuStopwatch&) = delete;
  CpuStopwatch& operator=(const CpuStopwatch&) = delete;

 private:
  static double now() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
  double& sum_;
  const double began_;
};

class Run {
 public:
  Run(const Plan& plan, Catalogue& catalogue, Feed& feed)
      : plan_(plan),
        catalogue_(catalogue),
        feed_(feed),
        rng_(base::mix64(plan.seed ^ kStream)),
        out_{.tally = Tally(catalogue, plan.warm_swipes, plan.follow_swipes)} {}

  Result<Outcome> run() {
    {
      Stopwatch watch(out_.seconds);
      CpuStopwatch cpu(out_.cpu_seconds);
      RD_CHECK(begin());
      while (!events_.empty()) {
        Event event = events_.top();
        events_.pop();
        RD_CHECK(happen(event));
      }
    }
    out_.end_us = end_us_;
    out_.counts = feed_.counts();
    return std::move(out_);
  }

 private:
  bool over() const { return out_.tally.swipes() >= plan_.swipes; }

  Result<void> begin() {
    const auto& videos = plan_.parameters.videos;
    if (catalogue_.videos().empty()) fill_catalogue();
    for (uint32_t v = 0; v < catalogue_.videos().size(); ++v) {
      Stopwatch watch(out_.feed_seconds);
      RD_CHECK(feed_.published(v, kStartUs));
    }
    const auto& viewers = plan_.parameters.viewers;
    for (uint32_t n = 0; n < viewers.initial; ++n) {
      uint32_t person = add_person(next_viewer_++);
      // As if their sessions had always come and gone.
      uint64_t gap = people_[person].viewer.gap_us();
      schedule(kStartUs + static_cast<uint64_t>(static_cast<double>(gap) * rng_.uniform()),
               Kind::kPerson, person);
    }
    schedule_arrival(kStartUs, Kind::kVideo, videos.new_per_hour);
    schedule_arrival(kStartUs, Kind::kNewViewer, viewers.new_per_hour);
    return {};
  }

  void fill_catalogue() {
    const auto& videos = plan_.parameters.videos;
    while (catalogue_.videos().size() < videos.initial) {
      double left = 1 - static_cast<double>(catalogue_.videos().size()) / videos.initial;
      double age_us = videos.initial_age_days * kDayUs * left;
      uint32_t video = catalogue_.add(kStartUs - static_cast<uint64_t>(age_us));
      if (plan_.twin_seconds.empty()) continue;
      catalogue_.set_duration(video, plan_.twin_seconds.front());
      for (size_t k = 1; k < plan_.twin_seconds.size(); ++k) {
        catalogue_.add_twin(video, plan_.twin_seconds[k]);
      }
    }
  }

  void schedule(uint64_t at_us, Kind kind, uint32_t index) { events_.push({at_us, kind, index}); }
  void schedule_arrival(uint64_t now_us, Kind kind, double per_hour) {
    if (per_hour <= 0) return;
    schedule(now_us + static_cast<uint64_t>(exponential(rng_, kHourUs / per_hour)), kind, 0);
  }

  uint32_t add_person(uint32_t number) {
    people_.push_back({.viewer = Viewer(plan_.parameters, catalogue_, plan_.seed, number)});
    return static_cast<uint32_t>(people_.size() - 1);
  }

  Result<void> happen(const Event& event) {
    switch (event.kind) {
      case Kind::kVideo:
        if (over()) return {};
        schedule_arrival(event.at_us, Kind::kVideo, plan_.parameters.videos.new_per_hour);
        return publish(catalogue_.add(event.at_us), event.at_us);
      case Kind::kNewViewer:
        if (over()) return {};
        schedule_arrival(event.at_us, Kind::kNewViewer, plan_.parameters.viewers.new_per_hour);
        schedule(event.at_us, Kind::kPerson, add_person(next_viewer_++));
        return {};
      case Kind::kPerson:
        return person_acts(event.index, event.at_us);
    }
    return {};
  }

  Result<void> publish(uint32_t video, uint64_t now_us) {
    out_.tally.published(video, now_us);
    Stopwatch watch(out_.feed_seconds);
    return feed_.published(video, now_us);
  }

  Result<void> person_acts(uint32_t index, uint64_t now_us) {
    Person& person = people_[index];
    if (!person.in_session) {
      if (over()) return {};
      begin_session(person, now_us);
      RD_CHECK(ask(person, now_us));
    } else {
      RD_CHECK(finish_viewing(person, now_us));
      if (!goes_on(person)) {
        end_session(index, now_us);
        return {};
      }
      RD_CHECK(ask(person, now_us));
    }
    if (people_[index].committed.empty()) {
      out_.tally.ran_dry();
      end_session(index, now_us);
      return {};
    }
    return view(index, now_us);
  }

  void begin_session(Person& person, uint64_t now_us) {
    person.in_session = true;
    person.session = {};
    person.committed.clear();
    person.session_counts = out_.tally.warm() && !person.followed_from && !person.bot;
    person.viewer.begin_session(now_us);
    bool shifts = shifted_ < due(plan_.shifts) && !person.bot && !person.followed_from &&
                  person.swipes >= plan_.shift_after;
    if (!shifts) return;
    ++shifted_;
    person.viewer.shift_interests();
    follow(person);
  }

  void follow(Person& person) {
    person.followed_from = person.swipes;
    person.session_counts = false;  // who stays by order tells nothing of how long people stay
    person.viewer.stay(plan_.follow_swipes);
  }

  // How many of `total` are due by now, evenly over the swipes after the warm-up.
  uint32_t due(uint32_t total) const {
    if (!out_.tally.warm() || total == 0) return 0;
    double done = static_cast<double>(out_.tally.swipes() - plan_.warm_swipes + 1) /
                  static_cast<double>(std::max<uint64_t>(plan_.swipes - plan_.warm_swipes, 1));
    return std::min(total, static_cast<uint32_t>(total * done) + 1);
  }

  // Asks for the rest of the page, and commits to its first slot (or slots, at the beginning).
  Result<void> ask(Person& person, uint64_t now_us) {
    const std::vector<Place> held(person.committed.begin(), person.committed.end());
    std::vector<Place> page;
    {
      Stopwatch watch(out_.feed_seconds);
      RD_TRY(page, feed_.page(person.viewer, held, plan_.parameters.page_slots, now_us));
    }
    if (person.followed_from && !page.empty()) {
      auto loved = std::count_if(page.begin(), page.end(), [&](const Place& place) {
        return person.viewer.loves(catalogue_.video(place.video));
      });
      out_.tally.curve().add(person.swipes - *person.followed_from,
                             static_cast<double>(loved) / static_cast<double>(page.size()));
    }
    for (const Place& place : page) {
      if (person.committed.size() >= kCommitted) break;
      person.committed.push_back(place);
    }
    return {};
  }

  Result<void> view(uint32_t index, uint64_t now_us) {
    Person& person = people_[index];
    const Place& place = person.committed.front();
    const Video& video = catalogue_.video(place.video);
    {
      Stopwatch watch(out_.feed_seconds);
      RD_CHECK(feed_.shown(person.viewer, place, now_us));
    }
    if (person.bot) {
      person.viewing = bot_viewing(video, place.video);
    } else {
      out_.tally.shown(person.viewer, place.video, now_us);
      if (pushed_) {
        ++out_.pushed_of;
        out_.pushed_impressions += place.video == *pushed_ ? 1 : 0;
      }
      person.viewing = person.viewer.watch(video, now_us);
    }
    auto swipe_us = static_cast<uint64_t>(plan_.parameters.viewers.swipe_s * 1e6);
    schedule(now_us + uint64_t{person.viewing.watch_ms} * 1000 + swipe_us, Kind::kPerson, index);
    return {};
  }

  Result<void> finish_viewing(Person& person, uint64_t now_us) {
    const Place place = person.committed.front();
    person.committed.pop_front();
    {
      Stopwatch watch(out_.feed_seconds);
      RD_CHECK(feed_.watched(person.viewer, place, person.viewing, now_us));
      if (person.bot && place.video == *pushed_) {
        RD_CHECK(feed_.watched(person.viewer, {.video = place.video}, person.viewing, now_us));
      }
    }
    ++person.swipes;
    ++person.session.swipes;
    if (person.bot) return {};
    person.session.watch_s += person.viewing.watch_ms / 1000.0;
    ++person.session.topics[catalogue_.video(place.video).topics[0]];
    out_.tally.watched(person.viewer, place.video, person.viewing);
    if (!over()) end_us_ = now_us;
    return out_.tally.warm() ? after_warm_up(now_us) : Result<void>();
  }

  // What the plan has for the time after the warm-up, as it falls due.
  Result<void> after_warm_up(uint64_t now_us) {
    if (plan_.pushed_video && !pushed_) {
      pushed_ = catalogue_.add_outsider(kPushedTopic, kPushedQuality, now_us);
      RD_CHECK(publish(*pushed_, now_us));
      for (uint32_t b = 0; b < plan_.brigade.bots; ++b) {
        uint32_t bot = add_person(kBotNumbers + b);
        people_[bot].bot = true;
        double wait_us = plan_.brigade.minutes * 60e6 * b / plan_.brigade.bots;
        schedule(now_us + static_cast<uint64_t>(wait_us), Kind::kPerson, bot);
      }
    }
    while (arrived_ < due(plan_.newcomers) && !over()) {
      ++arrived_;
      uint32_t person = add_person(next_viewer_++);
      follow(people_[person]);
      schedule(now_us, Kind::kPerson, person);
    }
    return {};
  }

  Viewing bot_viewing(const Video& video, uint32_t index) const {
    bool pushed = index == *pushed_;
    bool alike = video.topics[0] == catalogue_.video(*pushed_).topics[0];
    Viewing out;
    out.loops = pushed ? kBotLoops : alike ? 1 : 0;
    out.watch_ms = out.loops > 0 ? video.duration_ms() * out.loops : 500;
    out.skipped = out.loops == 0;
    out.like = pushed || alike;
    out.share = out.save = out.comment = out.follow = pushed;
    return out;
  }

  bool goes_on(const Person& person) const {
    if (!person.bot) return person.viewer.wants_more();
    return person.swipes < plan_.brigade.swipes_max && person.viewing.loops != kBotLoops && !over();
  }

  void end_session(uint32_t index, uint64_t now_us) {
    Person& person = people_[index];
    person.in_session = false;
    if (person.bot) return;
    out_.tally.session_ended(person.session, person.session_counts);
    if (!over()) schedule(now_us + person.viewer.gap_us(), Kind::kPerson, index);
  }

  const Plan& plan_;
  Catalogue& catalogue_;
  Feed& feed_;
  base::Rng rng_;
  Outcome out_;
  std::deque<Person> people_;
  std::priority_queue<Event> events_;
  uint32_t next_viewer_ = 0;
  uint32_t arrived_ = 0;
  uint32_t shifted_ = 0;
  std::optional<uint32_t> pushed_;
  uint64_t end_us_ = kStartUs;
};

}  // namespace

Result<Outcome> simulate(const Plan& plan, Catalogue& catalogue, Feed& feed) {
  return Run(plan, catalogue, feed).run();
}

}  // namespace rondo::simulator
