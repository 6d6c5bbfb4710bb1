// The search for a Python, among files that only look like one.
#include "supervisor/python_finder.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace headrace::supervisor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PythonFinder : public testing::Test {
 protected:
  std::string add(const std::string& path, fs::perms permissions = fs::perms::owner_all) {
    const fs::path file = folder_.path() / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "#!/bin/sh\n";
    fs::permissions(file, permissions);
    return file;
  }

  Result<Interpreter> find(const std::string& wanted = "") {
    return find_python({.wanted = wanted,
                        .environment = environment_,
                        .start_directory = folder_.path(),
                        .app_directory = folder_.path() / "app"});
  }

  TemporaryFolder folder_;
  config::Environment environment_;
};

// The order of the places: --python, $VIRTUAL_ENV, .venv, PATH.
TEST_F(PythonFinder, TakesTheFirstPlaceThatHasOne) {
  const std::string on_path = add("usr/bin/python3");
  environment_["PATH"] = "/nowhere:" + (folder_.path() / "usr/bin").string();
  EXPECT_EQ(find()->path, on_path);
  EXPECT_EQ(find()->origin, "PATH");

  const std::string local = add("app/.venv/bin/python");
  EXPECT_EQ(find()->path, local);
  EXPECT_EQ(find()->origin, ".venv");

  const std::string virtual_env = add("env/bin/python");
  environment_["VIRTUAL_ENV"] = folder_.path() / "env";
  EXPECT_EQ(find()->path, virtual_env);
  EXPECT_EQ(find()->origin, "$VIRTUAL_ENV");

  const std::string wanted = add("mine/python");
  EXPECT_EQ(find("mine/python")->path, wanted);
  EXPECT_EQ(find(wanted)->path, wanted);
  EXPECT_EQ(find("./mine/../mine/python")->path, wanted);
}

// A name without a slash is a program on PATH.
TEST_F(PythonFinder, LooksForANameOnPath) {
  const std::string file = add("b/python3.12");
  add("a/python3.12", fs::perms::owner_read);
  environment_["PATH"] = "a:b";
  EXPECT_EQ(find("python3.12")->path, file);
  EXPECT_THAT(find("python3.13").error().message, HasSubstr("\"python3.13\""));
}

// A virtual environment keeps its link: its target is another Python's interpreter.
TEST_F(PythonFinder, KeepsTheLinkOfAVirtualEnvironment) {
  const std::string real = add("usr/bin/python3.11");
  fs::create_directories(folder_.path() / "app/.venv/bin");
  fs::create_symlink(real, folder_.path() / "app/.venv/bin/python");
  EXPECT_EQ(find()->path, folder_.path() / "app/.venv/bin/python");
}

// What cannot run is refused with the path that was tried, and never replaced by another one.
TEST_F(PythonFinder, RefusesWhatCannotRun) {
  add("usr/bin/python3");
  environment_["PATH"] = folder_.path() / "usr/bin";
  add("plain/python", fs::perms::owner_read);
  EXPECT_THAT(find("plain/python").error().message, HasSubstr("not an executable file"));
  EXPECT_THAT(find("usr/bin").error().message, HasSubstr("not an executable file"));
  environment_["VIRTUAL_ENV"] = "/nowhere/env";
  EXPECT_THAT(find().error().message, HasSubstr("/nowhere/env/bin/python"));
}

TEST_F(PythonFinder, SaysWhereItLooked) {
  environment_["PATH"] = "/nowhere";
  EXPECT_THAT(find().error().message, HasSubstr(".venv/bin/python"));
}

}  // namespace
}  // namespace headrace::supervisor
