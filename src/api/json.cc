#include "api/json.h"

namespace rondo::api::json {

void append_text(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  size_t clean = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, clean, i - clean);
    clean = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  out.append(text, clean);
  out += '"';
}

Error refused(const std::string& path, std::string reason, std::string message) {
  return invalid(std::move(message)).with_reason(std::move(reason)).with_field(path);
}

Error wrong_type(const std::string& path, std::string_view wanted, const boost::json::value& got) {
  std::string_view kind = got.is_null()     ? "null"
                          : got.is_bool()   ? "true or false"
                          : got.is_number() ? "a number"
                          : got.is_string() ? "a text"
                          : got.is_array()  ? "a list"
                                            : "an object";
  std::string name = path.empty() ? "the body" : path;
  return refused(path, "wrong_type",
                 name + " has to be " + std::string(wanted) + ", not " + std::string(kind));
}

Result<boost::json::value> parse(std::string_view text) {
  boost::system::error_code ec;
  boost::json::parser parser;
  size_t consumed = parser.write(text.data(), text.size(), ec);
  if (ec) {
    return invalid("the body is not JSON: " + ec.message() + " near byte " +
                   std::to_string(consumed))
        .with_reason("not_json");
  }
  return parser.release();
}

}  // namespace rondo::api::json
