#include "config/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace rondo::config {
namespace {

std::string write_file(const std::string& text) {
  auto path = std::filesystem::temp_directory_path() /
              ("rondo-config-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(path) << text;
  return path.string();
}

TEST(Config, TheLaterSourceWins) {
  auto file = write_file("[server]\nport = 1\nname = \"file\"\n[log]\nformat = \"json\"\n");
  auto loaded = load(file, {{"server.port", "2"}, {"server.name", "env"}}, {{"server.port", "3"}});
  ASSERT_TRUE(loaded.ok()) << loaded.error().describe();
  EXPECT_EQ(loaded->config.server.port, 3);
  EXPECT_EQ(loaded->config.server.name, "env");
  EXPECT_EQ(loaded->config.log.format, "json");
  EXPECT_EQ(loaded->sources.at("server.port"), "command line");
}

TEST(Config, RefusesWithTheOptionTheValueAndWhatIsAllowed) {
  auto range = load("", {{"server.port", "99999"}}, {});
  ASSERT_FALSE(range.ok());
  EXPECT_EQ(range.error().message(),
            "server.port is \"99999\" (environment); it has to be a whole number from 0 to 65535");
  auto choice = load("", {}, {{"log.format", "xml"}});
  EXPECT_NE(choice.error().message().find("one of \"human\", \"json\""), std::string::npos);
  auto typo = load(write_file("[server]\nprot = 1\n"), {}, {});
  EXPECT_NE(typo.error().message().find("the nearest is \"server.port\""), std::string::npos);
  auto syntax = load(write_file("[server\n"), {}, {});
  EXPECT_NE(syntax.error().message().find("line 1"), std::string::npos);
}

TEST(Config, ReferenceIsItselfAConfiguration) {
  Loaded loaded;
  auto again = load(write_file(reference(loaded)), {}, {});
  ASSERT_TRUE(again.ok()) << again.error().describe();
  Config defaults;
  EXPECT_EQ(again->sources.size(), options(defaults).size());
}

TEST(Config, ReadsItsOwnVariablesOnly) {
  char a[] = "RONDO_SERVER_PORT=7", b[] = "RONDO_OTHER=1", c[] = "HOME=/x", d[] = "RONDO_DATA=/d";
  char* environment[] = {a, b, c, d, nullptr};
  EXPECT_EQ(from_environment(environment), (Overrides{{"server.port", "7"}, {"data", "/d"}}));
}

}  // namespace
}  // namespace rondo::config
