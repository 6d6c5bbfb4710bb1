// The two texts that say which application is served and where: is their syntax plausible?
// Whether the application exists is for Python to find out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headrace::config {

// `app`: "module:attribute", either with dots, as gunicorn and uvicorn take it; the attribute may
// be called with literal arguments, "shop.web:create_app('prod', debug=False)". A module alone
// ("site.wsgi") means the attribute of the usual name. Empty: to be found. Returns what is wrong.
[[nodiscard]] std::optional<std::string> app_problem(std::string_view text);

// Whether the attribute of a plausible `app` is a call.
[[nodiscard]] bool app_is_call(std::string_view text);

// `root_path`: empty, or a path prefix such as "/shop" that begins with a slash, does not end with
// one, and holds no query, fragment, space or control character. Returns what is wrong.
[[nodiscard]] std::optional<std::string> root_path_problem(std::string_view text);

}  // namespace headrace::config
