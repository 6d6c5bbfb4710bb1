// What only the build knows.
#include "supervisor/supervisor_testing.h"

namespace headrace::supervisor {

std::string test_python() { return HEADRACE_PYTHON; }

}  // namespace headrace::supervisor
