// rondo serve | config | admin | bundle | experiment | replay | digest | train | eval | simulate |
// doctor | openapi
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include "app/bundle_commands.h"
#include "app/commands.h"
#include "app/doctor.h"
#include "app/evaluate.h"
#include "app/experiment_commands.h"
#include "app/simulate.h"
#include "app/version.h"
#include "base/failpoint.h"
#include "config/config.h"
#include "telemetry/log.h"

extern char** environ;

namespace {

using namespace rondo;

int fail(const Error& error) {
  std::fprintf(stderr, "rondo: %s\n", error.describe().c_str());
  return error.code() == ErrorCode::kInvalid ? 2 : 1;
}

// Every option of the table as --name VALUE, of every command.
void add_options(CLI::App& command, std::string& file, config::Overrides& given) {
  command.add_option("--config", file, "configuration file; standard: DATA/rondo.toml")
      ->type_name("FILE");
  static config::Config defaults;
  for (const auto& option : config::options(defaults)) {
    std::string name(option.name);
    command
        .add_option_function<std::string>(
            "--" + name, [&given, name](const std::string& value) { given[name] = value; },
            std::string(option.doc))
        ->type_name("")
        ->take_last();
  }
}

}  // namespace

int main(int argc, char** argv) {
  base::arm_failpoints_from_environment();
  CLI::App app("Rondo: a short-video network whose feed learns from every swipe");
  app.set_version_flag("--version", std::string(app::kVersion));
  app.require_subcommand(1);
  std::string file;
  config::Overrides given;

  auto* serve = app.add_subcommand("serve", "run the network");
  bool demo = false, no_demo = false;
  add_options(*serve, file, given);
  auto* demo_flag = serve->add_flag("--demo", demo, "make the demo world, whatever is there");
  serve
      ->add_option_function<std::string>(
          "--partitions", [&given](const std::string& n) { given["stream.partitions"] = n; },
          "engines, each with a share of the viewers; short for --stream.partitions")
      ->type_name("N")
      ->take_last();
  serve->add_flag("--no-demo", no_demo, "make no demo world")->excludes(demo_flag);

  auto* config_command = app.add_subcommand("config", "print every option and its value, as TOML");
  add_options(*config_command, file, given);

  auto* admin = app.add_subcommand("admin", "accounts of this network");
  admin->require_subcommand(1);
  std::string handle, role = "member";
  auto* create = admin->add_subcommand("create-user",
                                       "make an account; the password is read from standard input");
  create->add_option("handle", handle)->required();
  create->add_option("--role", role, "member or admin");
  add_options(*create, file, given);
  auto* promote = admin->add_subcommand("promote", "give an account a role (standard: admin)");
  std::string promoted_role = "admin";
  promote->add_option("handle", handle)->required();
  promote->add_option("--role", promoted_role, "member or admin");
  add_options(*promote, file, given);

  auto* bundle = app.add_subcommand("bundle", "which algorithm this network ranks with");
  bundle->require_subcommand(1);
  std::string named_bundle;
  constexpr const char* kBundleNames =
      "the beginning of its name, its folder or bundle.json, or built-in";
  auto* bundle_list = bundle->add_subcommand("list", "the bundles kept, and which is active");
  add_options(*bundle_list, file, given);
  auto* bundle_add = bundle->add_subcommand("add", "keep a bundle without activating it");
  bundle_add->add_option("folder", named_bundle, "its folder, or its bundle.json")->required();
  add_options(*bundle_add, file, given);
  auto* bundle_activate =
      bundle->add_subcommand("activate", "go over to a bundle; the server has to be stopped");
  bundle_activate->add_option("bundle", named_bundle, kBundleNames)->required();
  add_options(*bundle_activate, file, given);
  auto* bundle_rollback = bundle->add_subcommand(
      "rollback", "go back to the bundle before; the server has to be stopped");
  add_options(*bundle_rollback, file, given);

  auto* experiment = app.add_subcommand("experiment", "two bundles side by side");
  experiment->require_subcommand(1);
  app::ExperimentOptions trial;
  auto* experiment_start = experiment->add_subcommand(
      "start", "compare a bundle with the active one; the server has to be stopped");
  experiment_start->add_option("name", trial.name, "of the experiment")->required();
  experiment_start->add_option("bundle", trial.treatment, kBundleNames)->required();
  experiment_start->add_option("--share", trial.share, "of viewers; standard: 0.5")
      ->check(CLI::Range(0.0001, 1.0));
  experiment_start
      ->add_option("--mode", trial.mode,
                   "split: by viewer; interleave: both on one page, by turns. Standard: split")
      ->check(CLI::IsMember({"split", "interleave"}));
  experiment_start->add_option("--salt", trial.salt, "deals the viewers; standard: drawn");
  add_options(*experiment_start, file, given);
  auto* experiment_stop = experiment->add_subcommand(
      "stop", "go on with the active bundle alone; the server has to be stopped");
  add_options(*experiment_stop, file, given);
  app::ExperimentReportOptions findings;
  auto* experiment_report =
      experiment->add_subcommand("report", "what the arms' viewers did, with intervals");
  experiment_report->add_option("name", findings.name, "standard: the latest");
  experiment_report->add_option("--json", findings.json, "write the figures here")
      ->type_name("FILE");
  experiment_report->add_option("--report", findings.html, "write a page here")
      ->type_name("FILE.html");
  add_options(*experiment_report, file, given);

  auto* replay = app.add_subcommand("replay", "recompute a served page and compare it");
  std::string page_id;
  replay->add_option("page", page_id, "page id, as every For You page tells it")->required();
  add_options(*replay, file, given);

  auto* digest = app.add_subcommand(
      "digest", "compare the recovered state with that of an uninterrupted fold");
  add_options(*digest, file, given);

  auto* eval = app.add_subcommand("eval", "measure the engine on a data set, beside baselines");
  app::EvaluateOptions evaluation;
  std::string protocols;
  for (const auto& p : evaluation::protocols()) {
    protocols += (protocols.empty() ? "" : ", ") + std::string(p.name);
  }
  eval->add_option("protocol", evaluation.protocol, protocols)->required();
  eval->add_option("--data", evaluation.run.data, "folder of the data set, or a TSV of events")
      ->required();
  eval->add_option("--json", evaluation.json, "write the figures here")->type_name("FILE");
  eval->add_option("--report", evaluation.report, "write a page with plots here")
      ->type_name("FILE.html");
  eval->add_option("--seed", evaluation.run.seed, "of splits and baselines; standard: 1")
      ->type_name("N");

  auto* simulate = app.add_subcommand(
      "simulate", "measure the engine on synthetic viewers with hidden interests");
  app::SimulateOptions simulation;
  std::string scenarios;
  for (const auto& s : simulator::scenarios()) scenarios += std::string(s.name) + ", ";
  simulate->add_option("--scenario", simulation.run.scenario, scenarios + "all; standard: steady");
  simulate->add_option("--preset", simulation.run.preset, "default or small");
  simulate->add_option("--viewers", simulation.run.viewers, "at first; more come")->type_name("N");
  simulate->add_option("--videos", simulation.run.videos, "at first; more come")->type_name("N");
  simulate
      ->add_option("--partitions", simulation.run.partitions,
                   "engines that share the viewers and learn from each other; standard: 1")
      ->type_name("N");
  simulate->add_option("--swipes", simulation.run.swipes, "of each run; the first half warms up")
      ->type_name("N");
  auto* seed = simulate->add_option_function<uint64_t>(
      "--seed", [&simulation](uint64_t n) { simulation.run.seeds = {n}; },
      "standard: 1, the one that engines are tuned on");
  simulate->add_flag("--held-out", simulation.held_out, "over the seeds that they are not")
      ->excludes(seed);
  simulate->add_option("--feed", simulation.run.feeds,
                       "engine, random, popular, oracle or all; standard: those that the scenario "
                       "compares");
  simulate
      ->add_option("--over", simulation.run.over,
                   "a running server on this machine; standard: the engine in process")
      ->type_name("http://127.0.0.1:PORT");
  simulate->add_option("--json", simulation.json, "write the figures here")->type_name("FILE");
  simulate->add_option("--report", simulation.report, "write a page with plots here")
      ->type_name("FILE.html");

  auto* train = app.add_subcommand("train", "fold the log several times over into a new bundle");
  int epochs = 3;
  std::string bundle_folder;
  train->add_option("--epochs", epochs, "times over; standard: 3")->check(CLI::Range(1, 100));
  train->add_option("--out", bundle_folder, "folder of the new bundle")->required();
  add_options(*train, file, given);

  auto* doctor =
      app.add_subcommand("doctor", "say whether what videos need is there and works here");
  add_options(*doctor, file, given);

  auto* openapi = app.add_subcommand("openapi", "print the API's description");

  CLI11_PARSE(app, argc, argv);

  if (openapi->parsed()) return app::print_openapi();
  if (eval->parsed()) {
    auto done = app::evaluate(evaluation);
    return done.ok() ? *done : fail(done.error());
  }
  if (simulate->parsed()) {
    auto done = app::simulate(simulation);
    return done.ok() ? *done : fail(done.error());
  }
  auto loaded = config::load(file, config::from_environment(environ), given);
  if (!loaded.ok()) return fail(loaded.error());
  const config::Config& config = loaded->config;
  log::Options log_options;
  log_options.format = config.log.format == "json" ? log::Format::kJson : log::Format::kHuman;
  log_options.level = config.log.level == "debug"     ? log::Level::kDebug
                      : config.log.level == "warning" ? log::Level::kWarning
                      : config.log.level == "error"   ? log::Level::kError
                                                      : log::Level::kInfo;
  log::configure(log_options);

  if (config_command->parsed()) {
    std::cout << config::reference(*loaded);
    return 0;
  }
  Result<int> done = 0;
  if (serve->parsed()) {
    app::Demo wanted = demo ? app::Demo::kYes : no_demo ? app::Demo::kNo : app::Demo::kIfEmpty;
    done = app::serve({config, wanted});
  } else if (create->parsed()) {
    std::string password;
    std::getline(std::cin, password);
    done = app::create_user(config, handle, password, role);
  } else if (promote->parsed()) {
    done = app::promote(config, handle, promoted_role);
  } else if (bundle_list->parsed()) {
    done = app::list_bundles(config);
  } else if (bundle_add->parsed()) {
    done = app::add_bundle(config, named_bundle);
  } else if (bundle_activate->parsed()) {
    done = app::activate_bundle(config, named_bundle);
  } else if (bundle_rollback->parsed()) {
    done = app::roll_back_bundle(config);
  } else if (experiment_start->parsed()) {
    done = app::start_experiment(config, trial);
  } else if (experiment_stop->parsed()) {
    done = app::stop_experiment(config);
  } else if (experiment_report->parsed()) {
    done = app::report_experiment(config, findings);
  } else if (replay->parsed()) {
    done = app::replay(config, page_id);
  } else if (train->parsed()) {
    done = app::train(config, epochs, bundle_folder);
  } else if (doctor->parsed()) {
    done = app::doctor(config);
  } else if (digest->parsed()) {
    done = app::verify(config);
  }
  return done.ok() ? *done : fail(done.error());
}
