#include "api/openapi.h"

#include <map>

#include "api/wire.h"

namespace rondo::api {
namespace {

namespace bj = boost::json;

std::string lower(std::string_view method) {
  std::string text(method);
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

bj::array path_parameters(std::string_view path) {
  bj::array parameters;
  for (size_t open = path.find('{'); open != std::string_view::npos;
       open = path.find('{', open + 1)) {
    std::string_view name = path.substr(open + 1, path.find('}', open) - open - 1);
    if (name.ends_with('*')) name.remove_suffix(1);
    parameters.push_back(bj::object{{"name", bj::string(name)},
                                    {"in", "path"},
                                    {"required", true},
                                    {"schema", bj::object{{"type", "string"}}}});
  }
  return parameters;
}

bj::value security_of(Auth auth) {
  bj::array either{bj::object{{"session", bj::array()}}, bj::object{{"bearer", bj::array()}}};
  if (auth == Auth::kOpen) either.emplace(either.begin(), bj::object());
  return either;
}

// The second segment below /api/v1, or what the path begins with.
std::string tag_of(std::string_view path) {
  constexpr std::string_view kApi = "/api/v1/";
  path.remove_prefix(path.starts_with(kApi) ? kApi.size() : 1);
  std::string tag(path.substr(0, path.find('/')));
  if (path.starts_with("media")) return "media";
  return tag.empty() || tag.find('.') != std::string::npos || tag == "healthz" || tag == "readyz" ||
                 tag == "metrics"
             ? "operation"
             : tag;
}

std::string_view tag_description(std::string_view tag) {
  static const std::map<std::string_view, std::string_view> kDescriptions = {
      {"viewers", "Anonymous sessions, whose For You learns too."},
      {"accounts", "People: signing up, profiles, following."},
      {"sessions", "Signing in and out."},
      {"feeds", "Pages of videos, and the receipts of ranked ones."},
      {"events", "What viewers did: what For You learns from."},
      {"uploads", "Resumable uploads, tus 1.0."},
      {"videos", "Publishing, watching, deleting."},
      {"media", "Immutable bytes, with ranges."},
      {"network", "What this network is, and its limits."},
      {"api", "This description."},
      {"operation", "Health and metrics; the queue and the room, for administrators."},
  };
  auto it = kDescriptions.find(tag);
  RD_ASSERT(it != kDescriptions.end());
  return it->second;
}

// Two-space indentation, members in order: made to be read and compared.
void pretty(std::string& out, const bj::value& value, int depth) {
  auto indent = [&](int d) { out += '\n' + std::string(static_cast<size_t>(d) * 2, ' '); };
  if (value.is_object()) {
    const auto& object = value.as_object();
    if (object.empty()) {
      out += "{}";
      return;
    }
    out += '{';
    bool first = true;
    for (const auto& [key, member] : object) {
      if (!first) out += ',';
      first = false;
      indent(depth + 1);
      json::append_text(out, std::string_view(key.data(), key.size()));
      out += ": ";
      pretty(out, member, depth + 1);
    }
    indent(depth);
    out += '}';
  } else if (value.is_array()) {
    const auto& array = value.as_array();
    if (array.empty()) {
      out += "[]";
      return;
    }
    out += '[';
    for (size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out += ',';
      indent(depth + 1);
      pretty(out, array[i], depth + 1);
    }
    indent(depth);
    out += ']';
  } else {
    out += bj::serialize(value);
  }
}

}  // namespace

namespace schema {

std::string short_name(std::string demangled) {
  size_t colon = demangled.rfind("::");
  return colon == std::string::npos ? demangled : demangled.substr(colon + 2);
}

}  // namespace schema

std::string openapi_document(std::span<const Route> routes) {
  bj::object components;
  bj::object problem_content{
      {"application/problem+json", bj::object{{"schema", schema::of<wire::Problem>(components)}}}};
  bj::object paths;
  bj::array tags;
  for (const auto& route : routes) {
    if (!route.describe) continue;
    std::string path = route.path;
    if (size_t star = path.find("*}"); star != std::string::npos) path.erase(star, 1);
    bj::object operation;
    std::string tag = tag_of(route.path);
    bool known = false;
    for (const auto& t : tags) known |= t.at("name").as_string() == tag;
    if (!known) tags.push_back(bj::object{{"name", tag}, {"description", tag_description(tag)}});
    operation["operationId"] = route.operation_id;
    operation["summary"] = route.summary;
    operation["tags"] = bj::array{tag};
    operation["security"] = security_of(route.auth);
    if (auto parameters = path_parameters(route.path); !parameters.empty()) {
      operation["parameters"] = std::move(parameters);
    }
    route.describe(operation, components);
    operation["responses"].as_object()["4XX"] =
        bj::object{{"$ref", "#/components/responses/Problem"}};
    paths[path].is_object() ? paths[path].as_object() : paths[path].emplace_object();
    paths[path].as_object()[lower(to_string(route.method))] = std::move(operation);
  }
  bj::object document{
      {"openapi", "3.1.0"},
      {"info",
       bj::object{{"title", "Rondo"},
                  {"version", "1"},
                  {"summary", "A short-video network whose feed learns from every swipe."},
                  {"license", bj::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"servers", bj::array{bj::object{{"url", "/"}}}},
      {"tags", std::move(tags)},
      {"paths", std::move(paths)},
      {"components",
       bj::object{
           {"securitySchemes",
            bj::object{
                {"session",
                 bj::object{{"type", "apiKey"}, {"in", "cookie"}, {"name", "rondo_session"}}},
                {"bearer", bj::object{{"type", "http"}, {"scheme", "bearer"}}}}},
           {"responses",
            bj::object{{"Problem", bj::object{{"description", "What was wrong, and what to do."},
                                              {"content", std::move(problem_content)}}}}},
           {"schemas", std::move(components)}}}};
  std::string out;
  pretty(out, document, 0);
  out += '\n';
  return out;
}

}  // namespace rondo::api
