#include "catalogue/unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace rondo::catalogue {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Beyond ASCII, what is no part of a word, ascending. Blocks of punctuation, symbols, forms,
// private use and emoji; unassigned code points within blocks of letters are let through.
constexpr Range kNoWord[] = {
    {0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},       {0xBB, 0xBF},       {0xD7, 0xD7},
    {0xF7, 0xF7},     {0x2C2, 0x2DF},   {0x37E, 0x37E},     {0x387, 0x387},     {0x55A, 0x55F},
    {0x589, 0x58F},   {0x5BE, 0x5BE},   {0x5C0, 0x5C0},     {0x5C3, 0x5C3},     {0x5F3, 0x60F},
    {0x61B, 0x61F},   {0x66A, 0x66D},   {0x6D4, 0x6D4},     {0x6DD, 0x6DE},     {0x700, 0x70F},
    {0x964, 0x965},   {0x970, 0x970},   {0xE3F, 0xE3F},     {0xE4F, 0xE4F},     {0xE5A, 0xE5B},
    {0x104A, 0x104F}, {0x10FB, 0x10FB}, {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x209F},
    {0x20A0, 0x20CF}, {0x2100, 0x2BFF}, {0x2E00, 0x2E7F},   {0x2FF0, 0x3004},   {0x3008, 0x3020},
    {0x3030, 0x3030}, {0x3036, 0x303F}, {0x309B, 0x309C},   {0x30A0, 0x30A0},   {0x30FB, 0x30FB},
    {0x3200, 0x33FF}, {0x4DC0, 0x4DFF}, {0xD800, 0xF8FF},   {0xFD3E, 0xFD3F},   {0xFDFC, 0xFDFF},
    {0xFE00, 0xFE1F}, {0xFE30, 0xFE6F}, {0xFEFF, 0xFF0F},   {0xFF1A, 0xFF20},   {0xFF3B, 0xFF40},
    {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1D000, 0x1D3FF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF},
};

// Base letter, then its composed form, for each combining mark.
struct Composition {
  char32_t mark;
  std::u32string_view pairs;
};
constexpr Composition kCompositions[] = {
    {0x300, U"aàeèiìoòuùnǹ"},
    {0x301, U"aáeéiíoóuúyýcćnńsśzźlĺrŕ"},
    {0x302, U"aâeêiîoôuûcĉgĝhĥjĵsŝwŵyŷ"},
    {0x303, U"aãnñoõiĩuũ"},
    {0x304, U"aāeēiīoōuū"},
    {0x306, U"aăeĕgğiĭoŏuŭий"},
    {0x307, U"cċeėgġzżii"},  // the lower case of U+0130 in two pieces is i
    {0x308, U"aäeëiïoöuüyÿеёії"},
    {0x30A, U"aåuů"},
    {0x30B, U"oőuű"},
    {0x30C, U"cčdďeěnňrřsštťzž"},
    {0x327, U"cçsştţ"},
    {0x328, U"aąeęiįuų"},
};

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// Scripts where capitals have even numbers and the small letter follows.
bool is_even_capital(char32_t c) {
  return c % 2 == 0 &&
         (within(c, 0x100, 0x12E) || within(c, 0x132, 0x136) || within(c, 0x14A, 0x176) ||
          within(c, 0x218, 0x21E) || within(c, 0x460, 0x480) || within(c, 0x48A, 0x4BE) ||
          within(c, 0x4D0, 0x52E) || within(c, 0x1E00, 0x1E94) || within(c, 0x1EA0, 0x1EFE));
}
// The same with odd numbers.
bool is_odd_capital(char32_t c) {
  return c % 2 == 1 &&
         (within(c, 0x139, 0x147) || within(c, 0x179, 0x17D) || within(c, 0x4C1, 0x4CD));
}

}  // namespace

char32_t take_code_point(std::string_view& text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  size_t size = 1;
  char32_t c = lead;
  if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    c = lead & 0x07U;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    size = 3;
    c = lead & 0x0FU;
  } else if (lead >= 0xC2 && lead < 0xE0) {
    size = 2;
    c = lead & 0x1FU;
  } else if (lead >= 0x80) {
    return kNotUtf8;
  }
  if (text.size() < size) return kNotUtf8;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return kNotUtf8;
    c = (c << 6) | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && c < 0x800) || (size == 4 && c < 0x10000);
  if (overlong || within(c, 0xD800, 0xDFFF) || c > 0x10FFFF) return kNotUtf8;
  text.remove_prefix(size);
  return c;
}

void append_code_point(std::string& out, char32_t c) {
  auto put = [&](char32_t value) { out.push_back(static_cast<char>(value)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

char32_t to_lower(char32_t c) {
  if (c < 0x80) return within(c, 'A', 'Z') ? c + 0x20 : c;
  if (within(c, 0xC0, 0xDE) && c != 0xD7) return c + 0x20;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  if (is_even_capital(c) || is_odd_capital(c)) return c + 1;
  if (c == 0x386) return 0x3AC;
  if (within(c, 0x388, 0x38A)) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (c == 0x38E || c == 0x38F) return c + 63;
  if (within(c, 0x391, 0x3AB) && c != 0x3A2) return c + 0x20;
  if (c == 0x3C2) return 0x3C3;  // a final sigma, so that a word in capitals is the same tag
  if (within(c, 0x400, 0x40F)) return c + 0x50;
  if (within(c, 0x410, 0x42F)) return c + 0x20;
  if (within(c, 0x531, 0x556)) return c + 0x30;
  if (within(c, 0xFF21, 0xFF3A)) return c - 0xFF21 + 'a';  // full-width letters
  if (within(c, 0xFF41, 0xFF5A)) return c - 0xFF41 + 'a';
  if (within(c, 0xFF10, 0xFF19)) return c - 0xFF10 + '0';
  return c;
}

char32_t compose(char32_t base, char32_t mark) {
  for (const Composition& composition : kCompositions) {
    if (composition.mark != mark) continue;
    for (size_t i = 0; i + 1 < composition.pairs.size(); i += 2) {
      if (composition.pairs[i] == base) return composition.pairs[i + 1];
    }
  }
  return 0;
}

bool is_tag_character(char32_t c) {
  if (c < 0x80) {
    return within(c, '0', '9') || within(c, 'a', 'z') || within(c, 'A', 'Z') || c == '_';
  }
  const Range* it = std::lower_bound(std::begin(kNoWord), std::end(kNoWord), c,
                                     [](const Range& r, char32_t value) { return r.last < value; });
  return it == std::end(kNoWord) || c < it->first;
}

bool is_tag_letter(char32_t c) { return is_tag_character(c) && !within(c, '0', '9') && c != '_'; }

}  // namespace rondo::catalogue
