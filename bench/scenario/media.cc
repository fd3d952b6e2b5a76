// A phone's video from being accepted to its first picture and to all its renditions: the real
// server, asked over HTTP as a client asks it, against bare FFmpeg that does the same work in the
// same run, one after the other in turn. The same for both: filters, encoders, rungs, threads; the
// very same runs of FFmpeg that find the gain and the ceiling of the sound (their share is told
// apart); what is seen first made first, with poster and hashed frames; storyboard and preview with
// the rest. What the server adds is the overhead: probing, the sandbox, fingerprint and waveform of
// the sound, checks, the disk, the database, the jobs, and being asked.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "media/sound.h"
#include "media/transcode.h"
#include "support/http_client.h"
#include "support/options.h"
#include "support/report.h"

extern char** environ;

namespace rondo::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using std::chrono::steady_clock;

constexpr double kBarPercent = 10;
constexpr size_t kPieceBytes = 4 << 20;
// A web client is told three times a second. At fifty, asking took 4 % of a core, in which what is
// waited for is made.
constexpr auto kAskEvery = std::chrono::milliseconds(100);
constexpr auto kWorkMax = std::chrono::minutes(15);
constexpr int kThreads = 2;  // media.threads as it comes

struct Took {
  double sound_s = 0;                                  // FFmpeg's, for the sound
  double first_s = 0, all_s = 0;                       // from being accepted
  std::vector<std::pair<std::string, uint64_t>> made;  // renditions, and their bytes
};

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

// ---- Bare FFmpeg ----

// To its end, in `folder`.
Result<void> run_ffmpeg(std::vector<std::string> arguments, const fs::path& folder) {
  arguments.insert(arguments.begin(), "ffmpeg");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "ffmpeg.log", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  // In a session of its own, as the sandbox has it: the scheduler shares time between sessions.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, "ffmpeg", &actions, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return unavailable("ffmpeg does not start");
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::ostringstream said;
    said << std::ifstream(folder / "ffmpeg.log").rdbuf();
    return internal("ffmpeg failed: " + said.str());
  }
  return {};
}

// Fifteen seconds, 1080x1920, as a phone would have taken them: a real clip enlarged and repeated,
// or a test picture when there is none.
Result<void> make_clip(const fs::path& from, const fs::path& to) {
  std::vector<std::string> arguments = {"-hide_banner", "-nostdin", "-y", "-v", "error"};
  auto add = [&](std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more);
  };
  if (fs::exists(from)) {
    add({"-stream_loop", "-1", "-i", fs::absolute(from).string()});
  } else {
    add({"-f", "lavfi", "-i", "testsrc2=size=1080x1920:rate=30,noise=alls=12:allf=t", "-f", "lavfi",
         "-i", "aevalsrc=0.2*sin(440*t*2*PI)*sin(3*t)|0.2*sin(660*t*2*PI):s=48000"});
  }
  add({"-t",
       "15",
       "-vf",
       "fps=30,scale=1080:1920:flags=bicubic,setsar=1",
       "-c:v",
       "libx264",
       "-preset",
       "fast",
       "-crf",
       "20",
       "-pix_fmt",
       "yuv420p",
       "-c:a",
       "aac",
       "-b:a",
       "160k",
       "-ar",
       "48000",
       "-movflags",
       "+faststart",
       fs::absolute(to).string()});
  return run_ffmpeg(std::move(arguments), to.parent_path());
}

constexpr std::string_view kSound = "sound.mp4";  // as make_sound() calls it

// What FFmpeg is to do, as the pipeline would have it.
struct Plan {
  std::vector<std::vector<std::string>> first, rest;  // runs
  std::vector<media::Rung> rungs;
  fs::path clip;
  media::Probe probe;
  media::MediaLimits limits;
};

// FFmpeg as it is, without bubblewrap.
media::Sandbox no_sandbox() {
  media::SandboxOptions options;
  options.bwrap = "/nonexistent";
  options.allow_unsandboxed = true;
  return media::Sandbox(options);
}

Result<fs::path> make_sound(const Plan& plan, const fs::path& folder) {
  const media::Sandbox none = no_sandbox();
  RD_TRY(media::Sound sound,
         media::make_sound({none, plan.limits, folder, kThreads, {}}, plan.clip, plan.probe));
  return std::move(sound.file);
}

Result<Plan> plan(const fs::path& clip) {
  Plan plan;
  plan.clip = clip;
  media::TranscodeOptions options;
  options.threads = kThreads;
  RD_TRY(plan.probe, media::probe(no_sandbox(), clip, plan.limits, {}, {}));
  if (!plan.probe.audio) return internal("the clip has no sound");
  plan.rungs = media::rungs_of(plan.probe);
  media::Pass first, rest;
  first.poster = rest.glimpses = true;
  first.sound = rest.sound = [] { return fs::path(kSound); };
  for (const auto& rung : plan.rungs) {
    const bool seen_first = first.rungs.empty() && std::min(rung.width, rung.height) <= 480;
    (seen_first ? first : rest).rungs.push_back(rung);
  }
  auto runs = [&](const media::Pass& pass) {
    std::vector<std::vector<std::string>> out{
        media::transcode_arguments(plan.probe, pass, options, clip.string())};
    for (const auto& rung : pass.rungs) {
      out.push_back(media::join_arguments(rung, kSound, plan.probe, options));
    }
    return out;
  };
  plan.first = runs(first);
  plan.rest = runs(rest);
  return plan;
}

Result<Took> by_ffmpeg(const Plan& plan, const fs::path& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  Took took;
  const auto start = steady_clock::now();
  RD_CHECK(make_sound(plan, folder));
  took.sound_s = seconds_since(start);
  for (const auto& run : plan.first) RD_CHECK(run_ffmpeg(run, folder));
  took.first_s = seconds_since(start);
  for (const auto& run : plan.rest) RD_CHECK(run_ffmpeg(run, folder));
  took.all_s = seconds_since(start);
  for (const auto& rung : plan.rungs) {
    took.made.emplace_back(rung.name, fs::file_size(folder / (rung.name + ".mp4")));
  }
  return took;
}

// ---- The server ----

Result<json::object> read(const Answer& answer, int status) {
  boost::system::error_code code;
  json::value value = json::parse(answer.body, code);
  if (answer.status != status || code || !value.is_object()) {
    return internal(fmt::format("the server answered {}: {}", answer.status, answer.body));
  }
  return value.as_object();
}

Result<std::string> send_clip(HttpClient& client, const std::string& token,
                              const std::string& bytes) {
  RD_TRY(
      const Answer made,
      client.send("POST", "/api/v1/uploads", token,
                  fmt::format("Tus-Resumable: 1.0.0\r\nUpload-Length: {}\r\n", bytes.size()), ""));
  if (made.status != 201) return internal("no upload could be begun: " + made.body);
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    RD_TRY(const Answer sent,
           client.send("PATCH", made.location, token,
                       fmt::format("Tus-Resumable: 1.0.0\r\nUpload-Offset: {}\r\n"
                                   "Content-Type: application/offset+octet-stream\r\n",
                                   at),
                       std::string_view(bytes).substr(at, kPieceBytes)));
    if (sent.status != 204) return internal("a piece was not taken: " + sent.body);
  }
  return made.location.substr(made.location.rfind('/') + 1);
}

Result<Took> by_server(const Server& server, const std::string& token, const std::string& bytes) {
  // Anew each time: the server does not wait through FFmpeg's turn.
  RD_TRY(HttpClient client, HttpClient::connect(server.port()));
  RD_TRY(const std::string upload, send_clip(client, token, bytes));
  Took took;
  const auto start = steady_clock::now();
  RD_TRY(const Answer accepted,
         client.post("/api/v1/videos", token,
                     fmt::format(R"({{"upload_id":"{}","caption":""}})", upload)));
  RD_TRY(json::object video, read(accepted, 202));
  const std::string target = "/api/v1/videos/" + json::value_to<std::string>(video.at("id"));
  for (;;) {
    RD_TRY(const Answer answer, client.get(target, token));
    RD_TRY(video, read(answer, 200));
    if (video.at("state") == "refused") return internal("the clip was refused: " + answer.body);
    if (took.first_s == 0 && video.at("state") == "live") took.first_s = seconds_since(start);
    if (video.contains("preview_url")) break;  // made with the last renditions
    if (seconds_since(start) > std::chrono::duration<double>(kWorkMax).count()) {
      return unavailable("the clip was not worked off: " + answer.body);
    }
    std::this_thread::sleep_for(kAskEvery);
  }
  took.all_s = seconds_since(start);
  for (const auto& rendition : video.at("renditions").as_array()) {
    const auto& fields = rendition.as_object();
    took.made.emplace_back(fs::path(json::value_to<std::string>(fields.at("url"))).stem(),
                           fields.at("size_bytes").to_number<uint64_t>());
  }
  return took;
}

// ---- Both ----

Result<void> check_same_work(const Took& server, const Took& ffmpeg) {
  for (const auto& [name, bytes] : ffmpeg.made) {
    const auto found = std::find_if(server.made.begin(), server.made.end(),
                                    [&](const auto& made) { return made.first == name; });
    const auto other = found == server.made.end() ? 0 : static_cast<double>(found->second);
    if (std::abs(other / static_cast<double>(bytes) - 1) > 0.01) {
      return internal(
          fmt::format("this is not the same work: {} has {} bytes by the server, {} by "
                      "bare FFmpeg",
                      name, other, bytes));
    }
  }
  if (server.made.size() != ffmpeg.made.size()) return internal("not the same renditions");
  return {};
}

struct Measured {
  Samples server, ffmpeg, overhead_percent;
  void add(double by_server, double by_ffmpeg) {
    server.add(by_server);
    ffmpeg.add(by_ffmpeg);
    overhead_percent.add((by_server / by_ffmpeg - 1) * 100);
  }
};

Result<void> bench(Options options, const fs::path& source, size_t rounds) {
  options.server.world.clear();
  const fs::path scratch = fs::absolute(options.server.scratch);
  fs::create_directories(scratch);
  const fs::path clip = scratch / "phone.mp4";
  RD_CHECK(make_clip(source, clip));
  std::ostringstream bytes;
  bytes << std::ifstream(clip, std::ios::binary).rdbuf();
  RD_TRY(const Plan plan, bench::plan(clip));

  RD_TRY(const Server server, Server::start(options.server));
  RD_TRY(HttpClient client, HttpClient::connect(server.port()));
  RD_TRY(const Answer signed_up,
         client.post("/api/v1/accounts", "",
                     R"({"handle":"phone","password":"correct horse battery"})"));
  RD_TRY(const json::object account, read(signed_up, 201));
  const auto token = json::value_to<std::string>(account.at("token"));

  Report report(options.json);
  Measured first, all;
  Samples sound;
  for (size_t round = 0; round < rounds; ++round) {
    // Who comes first changes.
    Took server_took, ffmpeg_took;
    for (const bool servers_turn : {round % 2 == 0, round % 2 != 0}) {
      if (servers_turn) {
        RD_TRY(server_took, by_server(server, token, bytes.str()));
      } else {
        RD_TRY(ffmpeg_took, by_ffmpeg(plan, scratch / "bare"));
      }
    }
    RD_CHECK(check_same_work(server_took, ffmpeg_took));
    report.say(fmt::format("round {}: server {:.1f} and {:.1f} s, ffmpeg {:.1f} and {:.1f} s",
                           round + 1, server_took.first_s, server_took.all_s, ffmpeg_took.first_s,
                           ffmpeg_took.all_s));
    sound.add(ffmpeg_took.sound_s);
    first.add(server_took.first_s, ffmpeg_took.first_s);
    all.add(server_took.all_s, ffmpeg_took.all_s);
  }

  std::string rungs;
  for (const auto& rung : plan.rungs) rungs += " " + rung.name;
  report.say(fmt::format(
      "15 s, 1080x1920, {:.1f} MB of {}; {} rounds in turn; the same renditions "
      "to the percent:{}",
      static_cast<double>(bytes.str().size()) / 1e6,
      fs::exists(source) ? source.filename().string() : "a test picture", rounds, rungs));
  auto add = [&](const std::string& name, const Measured& m,
                 std::optional<double> bar) -> Result<void> {
    RD_CHECK(report.add({"media." + name + ".p50", m.server.percentile(0.5), "s"}));
    RD_CHECK(report.add({"media." + name + ".ffmpeg.p50", m.ffmpeg.percentile(0.5), "s"}));
    return report.add(
        {"media." + name + ".overhead.p50", m.overhead_percent.percentile(0.5), "percent", bar});
  };
  RD_CHECK(report.add({"media.sound.ffmpeg.p50", sound.percentile(0.5), "s"}));
  RD_CHECK(add("first_playable", first, kBarPercent));
  return add("all_rungs", all, kBarPercent);
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("From a video that was accepted to its first picture and to all its renditions");
  rondo::bench::Options options;
  rondo::bench::add_options(app, options);
  std::filesystem::path clip = "../shared/data/clips/tmk-pattern-longer.mp4";
  app.add_option("--clip", clip, "a real clip to make the phone's from")->capture_default_str();
  size_t rounds = 5;
  app.add_option("--rounds", rounds, "how often each does it")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&] { return rondo::bench::bench(options, clip, rounds); });
}
