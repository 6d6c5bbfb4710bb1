// The resources by name, and setrlimit.
#include "os/resource_limit.h"

#include <sys/resource.h>

#include <array>

namespace headrace::os {
namespace {

using Unit = Resource::Unit;

constexpr std::array kResources{
    Resource{"as", RLIMIT_AS, Unit::kBytes},
    Resource{"core", RLIMIT_CORE, Unit::kBytes},
    Resource{"cpu", RLIMIT_CPU, Unit::kSeconds},
    Resource{"data", RLIMIT_DATA, Unit::kBytes},
    Resource{"fsize", RLIMIT_FSIZE, Unit::kBytes},
    Resource{"memlock", RLIMIT_MEMLOCK, Unit::kBytes},
    Resource{"nofile", RLIMIT_NOFILE, Unit::kCount},
    Resource{"nproc", RLIMIT_NPROC, Unit::kCount},
    Resource{"stack", RLIMIT_STACK, Unit::kBytes},
};
static_assert(ResourceLimit::kUnlimited == RLIM_INFINITY);

}  // namespace

std::span<const Resource> resources() { return kResources; }

bool set_limit(const ResourceLimit& limit) {
  const rlimit both{.rlim_cur = limit.value, .rlim_max = limit.value};
  return ::setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &both) == 0;
}

}  // namespace headrace::os
