// What gunicorn and uvicorn take for an application passes, and what cannot be one is explained.
#include "config/app_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::config {
namespace {

TEST(AppProblem, IsNoneForPlausibleTexts) {
  for (const char* text : {
           "",
           "app:app",
           "shop.web:app",
           "shop.web:factory.app",
           "site.wsgi",
           "_a1:_b2",
           "grün:größe",
           "app:create_app()",
           "app:create_app('prod')",
           "app:factories.create(\"a)\", [1, 2])",
           "app:create_app(config={'a': (1, 2)}, debug=False)",
           R"(app:create('it\'s'))",
       }) {
    EXPECT_EQ(app_problem(text), std::nullopt) << text;
  }
}

TEST(AppProblem, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"app.py", "app:app"},
      {"app.py:server", "app:server"},
      {"src/app.py", "app:app, with chdir = src/"},
      {"./src/app:server", "app:server, with chdir = ./src/"},
      {":app", "not the name of a module"},
      {"my-app:app", "\"my-app\" is not the name of a module"},
      {"a..b:app", "not the name of a module"},
      {"1a:app", "not the name of a module"},
      {"5", "not the name of a module"},
      {"create_app()", "not the name of a module"},
      {"app:", "nothing stands after the colon"},
      {"app:()", "nothing stands after the colon"},
      {"app:a b", "not the name of an attribute"},
      {"app:a.", "not the name of an attribute"},
      {"app:app:app", "not the name of an attribute"},
      {"app:make(", "do not pair"},
      {"app:make())", "do not pair"},
      {"app:make(]", "do not pair"},
      {"app:make([)]", "do not pair"},
      {"app:make('a)", "do not pair"},
      {"app:make('a\\')", "do not pair"},
      {"app:make().app", "do not pair"},
  };
  for (const auto& [text, message] : cases) {
    const auto problem = app_problem(text);
    ASSERT_TRUE(problem.has_value()) << text;
    EXPECT_THAT(*problem, testing::HasSubstr(message)) << text;
  }
}

TEST(AppIsCall, KnowsCalls) {
  EXPECT_TRUE(app_is_call("app:create_app()"));
  EXPECT_FALSE(app_is_call("app:create_app"));
  EXPECT_FALSE(app_is_call(""));
}

TEST(RootPathProblem, WantsAPrefix) {
  for (const char* text : {"", "/shop", "/shop/v1", "/größe"}) {
    EXPECT_EQ(root_path_problem(text), std::nullopt) << text;
  }
  for (const char* text : {"/", "shop", "/shop/", "/a b", "/a?b", "/a#b", "/a\nb", "/a\x7f"}) {
    EXPECT_NE(root_path_problem(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace headrace::config
