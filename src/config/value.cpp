// One Spelling a type of value, and the walk from a row to the Spelling of its type.
#include "config/value.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <span>
#include <type_traits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/resource_limit.h"

namespace headrace::config {
namespace {

// How values of one type are written. `parse` gives nothing when the text is none: its error's
// message is empty when the accepted form says all there is to say.
template <class Type>
struct Spelling;

template <>
struct Spelling<std::string> {
  static Result<std::string> parse(std::string_view text, const Accepts& accepts) {
    if (text.find('\0') != std::string_view::npos) return fail("it holds a zero byte");
    if (accepts.check != nullptr) {
      if (auto problem = accepts.check(text)) return fail(std::move(*problem));
    }
    return std::string(text);
  }
  static std::string format(const std::string& value) { return value; }
  static std::string form(const Accepts& accepts) {
    if (accepts.check != nullptr) return placeholder(accepts);  // "MODULE:ATTRIBUTE"
    std::string noun = placeholder(accepts);
    for (char& c : noun) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return "a " + noun;
  }
  static std::string placeholder(const Accepts& accepts) {
    return std::string(accepts.placeholder);
  }
};

template <>
struct Spelling<bool> {
  static Result<bool> parse(std::string_view text, const Accepts&) {
    for (const std::string_view yes : {"true", "1", "yes", "on"}) {
      if (text == yes) return true;
    }
    for (const std::string_view no : {"false", "0", "no", "off"}) {
      if (text == no) return false;
    }
    return fail("");
  }
  static std::string format(bool value) { return value ? "true" : "false"; }
  static std::string form(const Accepts&) { return "true or false"; }
  static std::string placeholder(const Accepts&) { return ""; }
};

template <>
struct Spelling<std::uint32_t> {
  static Result<std::uint32_t> parse(std::string_view text, const Accepts& accepts) {
    std::uint32_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{} || rest != end) return fail("");
    if (number < accepts.low || number > accepts.high) return fail("");
    return number;
  }
  static std::string format(std::uint32_t value) { return std::to_string(value); }
  static std::string form(const Accepts& accepts) {
    return fmt::format("a number from {} to {}", accepts.low, accepts.high);
  }
  static std::string placeholder(const Accepts&) { return "N"; }
};

template <>
struct Spelling<WorkerRange> {
  using Number = Spelling<std::uint32_t>;
  static Result<WorkerRange> parse(std::string_view text, const Accepts& accepts) {
    if (text == "auto") return WorkerRange{};
    const std::size_t dots = text.find("..");
    const auto low = Number::parse(text.substr(0, dots), accepts);
    if (!low || dots == std::string_view::npos) return both(low, low);
    const auto high = Number::parse(text.substr(dots + 2), accepts);
    if (high && *high < *low) return fail("");
    return both(low, high);
  }
  static std::string format(WorkerRange value) {
    if (value.is_auto()) return "auto";
    if (value.low == value.high) return Number::format(value.low);
    return fmt::format("{}..{}", value.low, value.high);
  }
  static std::string form(const Accepts& accepts) {
    return fmt::format("auto, {}, or a range such as 2..8", Number::form(accepts));
  }
  static std::string placeholder(const Accepts&) { return "auto|N|N..N"; }

 private:
  static Result<WorkerRange> both(const Result<std::uint32_t>& low,
                                  const Result<std::uint32_t>& high) {
    if (!low || !high) return fail("");
    return WorkerRange{*low, *high};
  }
};

template <>
struct Spelling<std::uint64_t> {
  static Result<std::uint64_t> parse(std::string_view text, const Accepts& accepts) {
    const auto size = parse_size(text);
    if (!size || *size < accepts.low || *size > accepts.high) return fail("");
    return *size;
  }
  static std::string format(std::uint64_t value) { return format_size(value); }
  static std::string form(const Accepts& accepts) {
    return fmt::format("a size from {} to {}", format_size(accepts.low), format_size(accepts.high));
  }
  static std::string placeholder(const Accepts&) { return "SIZE"; }
};

template <>
struct Spelling<std::chrono::milliseconds> {
  static Result<std::chrono::milliseconds> parse(std::string_view text, const Accepts& accepts) {
    const auto duration = parse_duration(text);
    if (!duration) return fail("");
    const auto count = static_cast<std::uint64_t>(duration->count());
    if (count < accepts.low || count > accepts.high) return fail("");
    return *duration;
  }
  static std::string format(std::chrono::milliseconds value) { return format_duration(value); }
  static std::string form(const Accepts& accepts) {
    return fmt::format("a time from {} to {}", format_bound(accepts.low),
                       format_bound(accepts.high));
  }
  static std::string placeholder(const Accepts&) { return "TIME"; }

 private:
  static std::string format_bound(std::uint64_t bound_ms) {
    return format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(bound_ms)));
  }
};

template <class Choice>
  requires std::is_enum_v<Choice>
struct Spelling<Choice> {
  static Result<Choice> parse(std::string_view text, const Accepts&) {
    const auto found = std::ranges::find(kWords<Choice>, text);
    if (found == kWords<Choice>.end()) return fail("");
    return static_cast<Choice>(found - kWords<Choice>.begin());
  }
  static std::string format(Choice value) { return std::string(word(value)); }
  static std::string form(const Accepts&) {
    const std::span<const std::string_view> words = kWords<Choice>;
    return fmt::format("{} or {}", fmt::join(words.first(words.size() - 1), ", "), words.back());
  }
  static std::string placeholder(const Accepts&) {
    return fmt::format("{}", fmt::join(kWords<Choice>, "|"));
  }
};

template <>
struct Spelling<BindAddress> {
  static Result<BindAddress> parse(std::string_view text, const Accepts&) {
    return parse_bind_address(text);
  }
  static std::string format(const BindAddress& value) { return format_bind_address(value); }
  static std::string form(const Accepts&) {
    return "HOST:PORT, [IPv6]:PORT, :PORT, unix:/PATH or fd://N";
  }
  static std::string placeholder(const Accepts&) { return "ADDRESS"; }
};

template <>
struct Spelling<AddressRange> {
  static Result<AddressRange> parse(std::string_view text, const Accepts&) {
    return parse_address_range(text);
  }
  static std::string format(const AddressRange& value) { return format_address_range(value); }
  static std::string form(const Accepts&) {
    return "an address, a network such as 10.0.0.0/8, * or unix";
  }
  static std::string placeholder(const Accepts&) { return "ADDRESS"; }
};

template <>
struct Spelling<PathTimeout> {
  static Result<PathTimeout> parse(std::string_view text, const Accepts&) {
    return parse_path_timeout(text);
  }
  static std::string format(const PathTimeout& value) { return format_path_timeout(value); }
  static std::string form(const Accepts&) { return "/PREFIX=TIME"; }
  static std::string placeholder(const Accepts&) { return "/PREFIX=TIME"; }
};

template <>
struct Spelling<os::ResourceLimit> {
  static Result<os::ResourceLimit> parse(std::string_view text, const Accepts&) {
    return parse_resource_limit(text);
  }
  static std::string format(const os::ResourceLimit& value) { return format_resource_limit(value); }
  static std::string form(const Accepts&) { return "a limit such as nofile=4096 or as=2GB"; }
  static std::string placeholder(const Accepts&) { return "NAME=LIMIT"; }
};

// Calls `use` with the Spelling of the row's values, and with the row's member of Settings.
template <class Use>
auto with_spelling(const SettingRow& row, Use use) {
  return std::visit(
      [&use]<class Type>(Member<Type> member) {
        return use(Spelling<typename ListTrait<Type>::Element>{}, member);
      },
      row.field);
}

std::string problem_text(const SettingRow& row, std::string_view text, const Error& error) {
  return fmt::format("{} = \"{}\": {}{}write {}", row.name, text, error.message,
                     error.message.empty() ? "" : "; ", accepted_form(row));
}

}  // namespace

std::optional<std::string> set_value(Settings& settings, const SettingRow& row,
                                     const std::vector<std::string>& texts) {
  return with_spelling(
      row, [&]<class Type>(auto spelling, Member<Type> member) -> std::optional<std::string> {
        if (!ListTrait<Type>::kIsList && texts.size() != 1) {
          return fmt::format("{} takes one value, not a list", row.name);
        }
        std::vector<typename ListTrait<Type>::Element> values;
        for (const std::string& text : texts) {
          auto value = spelling.parse(text, row.accepts);
          if (!value) return problem_text(row, text, value.error());
          values.push_back(std::move(*value));
        }
        if constexpr (ListTrait<Type>::kIsList) {
          settings.*member = std::move(values);
        } else {
          settings.*member = std::move(values.front());
        }
        return std::nullopt;
      });
}

std::vector<std::string> value_texts(const Settings& settings, const SettingRow& row) {
  return with_spelling(row, [&]<class Type>(auto spelling, Member<Type> member) {
    std::vector<std::string> texts;
    if constexpr (ListTrait<Type>::kIsList) {
      for (const auto& value : settings.*member) texts.push_back(spelling.format(value));
    } else {
      texts.push_back(spelling.format(settings.*member));
    }
    return texts;
  });
}

std::string format_value(const Settings& settings, const SettingRow& row) {
  return fmt::format("{}", fmt::join(value_texts(settings, row), ", "));
}

std::string accepted_form(const SettingRow& row) {
  return with_spelling(row, [&](auto spelling, auto) { return spelling.form(row.accepts); });
}

std::string placeholder(const SettingRow& row) {
  return with_spelling(row, [&](auto spelling, auto) { return spelling.placeholder(row.accepts); });
}

}  // namespace headrace::config
