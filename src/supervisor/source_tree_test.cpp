// Which files count as source.
#include "supervisor/source_tree.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace headrace::supervisor {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class SourceTreeTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text = "x = 1\n") {
    fs::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << text;
  }

  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& [file, version] : read_source_tree(folder_.path()).files) {
      names.push_back(fs::path(file).lexically_relative(folder_.path()));
    }
    return names;
  }

  TemporaryFolder folder_;
};

// Source files of the application count, in every folder but those that are not the user's work.
TEST_F(SourceTreeTest, FindsTheSource) {
  for (const char* file :
       {"app.py", "shop/views.py", "shop/deep/er.py", "shop/style.css", ".git/hook.py",
        "shop/__pycache__/views.py", "node_modules/gyp/x.py", "env/pyvenv.cfg", "env/lib/y.py",
        "lib/site-packages/flask.py", ".venv/lib/z.py"}) {
    write(file);
  }
  EXPECT_THAT(files(), ElementsAre("app.py", "shop/deep/er.py", "shop/views.py"));
}

// A hidden root is looked into all the same, and a link that leads upwards is not followed.
TEST_F(SourceTreeTest, EndsInALoopOfLinks) {
  write("a.py");
  fs::create_directory_symlink(folder_.path(), folder_.path() / "again");
  EXPECT_THAT(files(), ElementsAre("a.py"));
  write(".hidden/b.py");
  EXPECT_EQ(read_source_tree(folder_.path() / ".hidden").files.size(), 1u);
}

TEST_F(SourceTreeTest, TellsDifferences) {
  write("a.py");
  const SourceTree first = read_source_tree(folder_.path());
  EXPECT_EQ(first_difference(first, read_source_tree(folder_.path())), "");
  write("b.py");
  const SourceTree second = read_source_tree(folder_.path());
  EXPECT_EQ(first_difference(first, second), folder_.path() / "b.py");
  EXPECT_EQ(first_difference(second, first), folder_.path() / "b.py");
  write("a.py", "x = 12\n");
  EXPECT_EQ(first_difference(second, read_source_tree(folder_.path())), folder_.path() / "a.py");
}

TEST_F(SourceTreeTest, SurvivesMissingFolders) {
  EXPECT_TRUE(read_source_tree("/nowhere").files.empty());
}

}  // namespace
}  // namespace headrace::supervisor
