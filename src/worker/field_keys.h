// The Python spellings of the common field names, made once, indexed by http::FieldName.
#pragma once

#include <array>
#include <string_view>

#include "http/field_names.h"
#include "worker/python.h"

namespace headrace::worker {

// No object at kUnknown: such a name has to be spelled for each request.
using FieldKeys = std::array<PyRef, http::kFieldNameCount>;

// Interned environ keys: "HTTP_ACCEPT", ..., and CONTENT_TYPE and CONTENT_LENGTH without prefix.
// False with an error set when memory is short.
[[nodiscard]] bool make_environ_keys(FieldKeys& keys);

// Names as ASGI gives them: b"accept", ... in lower case. False as above.
[[nodiscard]] bool make_name_bytes(FieldKeys& keys);

// The environ key for a name that is not in the table: "HTTP_" + upper case, '-' as '_'. `name` is
// a lower-case token without '_' (the edge drops the others), so that no two names share a key.
[[nodiscard]] PyRef environ_key(std::string_view name);

}  // namespace headrace::worker
