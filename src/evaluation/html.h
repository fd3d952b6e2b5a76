// What the pages of reports are made of: one style sheet, light and dark, and curves as inline SVG
// that takes its colours from it. No script, no address of elsewhere.
//
// Free functions without state: thread safe.
#pragma once

#include <string>
#include <string_view>

#include "evaluation/report.h"

namespace rondo::evaluation {

// The rules of a page's <style>.
std::string_view page_style();
// For text and attributes.
std::string escaped(std::string_view text);
// The plot under its title, with a key; nothing when no series has a point.
std::string figure_of(const Plot& plot);

}  // namespace rondo::evaluation
