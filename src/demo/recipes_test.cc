#include "demo/recipes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>

namespace rondo::demo {
namespace {

const Creator* find_creator(std::string_view handle) {
  const auto all = creators();
  const auto it = std::find_if(all.begin(), all.end(),
                               [&](const Creator& creator) { return creator.handle == handle; });
  return it == all.end() ? nullptr : &*it;
}

TEST(Recipes, SixClipsOfEachOfEightTopics) {
  ASSERT_EQ(recipes().size(), 48u);
  std::map<std::string_view, int> count;
  for (const Recipe& recipe : recipes()) ++count[recipe.topic];
  const std::map<std::string_view, int> expected = {
      {"fractals", 6},      {"cells", 6},  {"waves", 6}, {"typography", 6},
      {"kaleidoscopes", 6}, {"clocks", 6}, {"light", 6}, {"mazes", 6}};
  EXPECT_EQ(count, expected);
}

TEST(Recipes, TopicsInterleave) {
  for (std::size_t first = 0; first < recipes().size(); first += 8) {
    std::set<std::string_view> topics;
    for (const Recipe& recipe : recipes().subspan(first, 8)) topics.insert(recipe.topic);
    EXPECT_EQ(topics.size(), 8u) << "in the eight from " << first;
  }
}

TEST(Recipes, EveryClipIsByACreatorOfItsTopic) {
  for (const Recipe& recipe : recipes()) {
    const Creator* creator = find_creator(recipe.creator);
    ASSERT_NE(creator, nullptr) << recipe.creator;
    EXPECT_TRUE(creator->topic_a == recipe.topic || creator->topic_b == recipe.topic)
        << recipe.creator << " does not make " << recipe.topic;
  }
}

TEST(Recipes, EveryCreatorHasClipsOfAllTheirTopics) {
  ASSERT_EQ(creators().size(), 12u);
  std::set<std::string_view> handles;
  for (const Creator& creator : creators()) {
    EXPECT_TRUE(handles.insert(creator.handle).second) << creator.handle;
    EXPECT_FALSE(creator.name.empty());
    for (const std::string_view topic : {creator.topic_a, creator.topic_b}) {
      if (topic.empty()) continue;
      EXPECT_TRUE(std::any_of(recipes().begin(), recipes().end(),
                              [&](const Recipe& recipe) {
                                return recipe.creator == creator.handle && recipe.topic == topic;
                              }))
          << creator.handle << " has no clip of " << topic;
    }
  }
}

TEST(Recipes, WordsAreUniqueAndInShape) {
  std::set<std::string_view> captions;
  for (const Recipe& recipe : recipes()) {
    EXPECT_TRUE(captions.insert(recipe.caption).second) << recipe.caption;
    EXPECT_GE(recipe.caption.size(), 5u);
    EXPECT_LE(recipe.caption.size(), 90u) << recipe.caption;
    EXPECT_EQ(recipe.caption.find('#'), std::string_view::npos) << recipe.caption;
    ASSERT_GE(recipe.hashtags.size(), 2u) << recipe.caption;
    EXPECT_LE(recipe.hashtags.size(), 3u) << recipe.caption;
    EXPECT_EQ(recipe.hashtags.front(), recipe.topic);
    for (const std::string_view tag : recipe.hashtags) {
      EXPECT_TRUE(std::all_of(tag.begin(), tag.end(), [](unsigned char c) {
        return std::islower(c) || std::isdigit(c);
      })) << tag;
    }
  }
}

TEST(Recipes, DurationsAreInRange) {
  for (const Recipe& recipe : recipes()) {
    EXPECT_GE(recipe.duration_ms, 5000) << recipe.caption;
    EXPECT_LE(recipe.duration_ms, 12000) << recipe.caption;
  }
}

TEST(Recipes, GraphsAreDistinctCompleteAndFitOneArgument) {
  constexpr std::size_t kLongestArgument = 128 * 1024;  // Linux, a single argument of exec
  const std::string picture = "fps=30,setsar=1,format=yuv420p";
  std::set<std::string_view> pictures, sounds;
  for (const Recipe& recipe : recipes()) {
    EXPECT_TRUE(pictures.insert(recipe.video_graph).second) << recipe.caption;
    EXPECT_TRUE(sounds.insert(recipe.audio_graph).second) << recipe.caption;
    EXPECT_TRUE(recipe.video_graph.ends_with(picture)) << recipe.caption;
    EXPECT_LT(recipe.video_graph.size(), kLongestArgument) << recipe.caption;
    for (const std::string* graph : {&recipe.video_graph, &recipe.audio_graph}) {
      // A brace is a placeholder that nothing was put into; an odd quote swallows what follows.
      EXPECT_EQ(graph->find_first_of("{}"), std::string::npos) << recipe.caption;
      EXPECT_EQ(std::count(graph->begin(), graph->end(), '\'') % 2, 0) << recipe.caption;
      EXPECT_EQ(std::count(graph->begin(), graph->end(), '('),
                std::count(graph->begin(), graph->end(), ')'))
          << recipe.caption;
      EXPECT_EQ(graph->find("nan"), std::string::npos) << recipe.caption;
      EXPECT_EQ(graph->find("inf"), std::string::npos) << recipe.caption;
    }
  }
}

// Whatever draws by chance has its seed written down, or two servers would show different clips.
TEST(Recipes, ChanceIsSeeded) {
  for (const Recipe& recipe : recipes()) {
    for (const std::string_view source : {"life=", "anoisesrc="}) {
      for (const std::string* graph : {&recipe.video_graph, &recipe.audio_graph}) {
        for (std::size_t at = graph->find(source); at != std::string::npos;
             at = graph->find(source, at + 1)) {
          const std::string options = graph->substr(at, graph->find_first_of(",[;", at) - at);
          EXPECT_NE(options.find("seed="), std::string::npos) << recipe.caption << ": " << options;
        }
      }
    }
    // geq draws slices in threads, each with its own dice: pictures may not roll them.
    EXPECT_EQ(recipe.video_graph.find("random("), std::string::npos) << recipe.caption;
    if (recipe.video_graph.find("cellauto=") != std::string::npos) {
      EXPECT_NE(recipe.video_graph.find("seed="), std::string::npos) << recipe.caption;
    }
  }
}

}  // namespace
}  // namespace rondo::demo
