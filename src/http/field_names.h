// Common field names as small integers, so that the road and the worker compare numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headrace::http {

// One row a name: its identifier and its lower-case spelling. Identifiers are those of one build:
// edge and worker share them, nothing stores them. Those up to kServer come first because http/
// itself acts on them.
// clang-format off
#define HEADRACE_FIELD_NAMES(ROW)                                         \
  ROW(kHost, "host")                                                      \
  ROW(kConnection, "connection")                                          \
  ROW(kContentLength, "content-length")                                   \
  ROW(kTransferEncoding, "transfer-encoding")                             \
  ROW(kContentType, "content-type")                                       \
  ROW(kAuthorization, "authorization")                                    \
  ROW(kExpect, "expect")                                                  \
  ROW(kUpgrade, "upgrade")                                                \
  ROW(kProxy, "proxy")                                                    \
  ROW(kKeepAlive, "keep-alive")                                           \
  ROW(kProxyConnection, "proxy-connection")                               \
  ROW(kTe, "te")                                                          \
  ROW(kTrailer, "trailer")                                                \
  ROW(kDate, "date")                                                      \
  ROW(kServer, "server")                                                  \
  ROW(kAccept, "accept")                                                  \
  ROW(kAcceptCharset, "accept-charset")                                   \
  ROW(kAcceptEncoding, "accept-encoding")                                 \
  ROW(kAcceptLanguage, "accept-language")                                 \
  ROW(kAcceptRanges, "accept-ranges")                                     \
  ROW(kAccessControlAllowCredentials, "access-control-allow-credentials") \
  ROW(kAccessControlAllowHeaders, "access-control-allow-headers")         \
  ROW(kAccessControlAllowMethods, "access-control-allow-methods")         \
  ROW(kAccessControlAllowOrigin, "access-control-allow-origin")           \
  ROW(kAccessControlExposeHeaders, "access-control-expose-headers")       \
  ROW(kAccessControlMaxAge, "access-control-max-age")                     \
  ROW(kAccessControlRequestHeaders, "access-control-request-headers")     \
  ROW(kAccessControlRequestMethod, "access-control-request-method")       \
  ROW(kAge, "age")                                                        \
  ROW(kAllow, "allow")                                                    \
  ROW(kAltSvc, "alt-svc")                                                 \
  ROW(kCacheControl, "cache-control")                                     \
  ROW(kContentDisposition, "content-disposition")                         \
  ROW(kContentEncoding, "content-encoding")                               \
  ROW(kContentLanguage, "content-language")                               \
  ROW(kContentLocation, "content-location")                               \
  ROW(kContentRange, "content-range")                                     \
  ROW(kContentSecurityPolicy, "content-security-policy")                  \
  ROW(kCookie, "cookie")                                                  \
  ROW(kCrossOriginEmbedderPolicy, "cross-origin-embedder-policy")         \
  ROW(kCrossOriginOpenerPolicy, "cross-origin-opener-policy")             \
  ROW(kCrossOriginResourcePolicy, "cross-origin-resource-policy")         \
  ROW(kDnt, "dnt")                                                        \
  ROW(kEtag, "etag")                                                      \
  ROW(kExpires, "expires")                                                \
  ROW(kForwarded, "forwarded")                                            \
  ROW(kFrom, "from")                                                      \
  ROW(kIfMatch, "if-match")                                               \
  ROW(kIfModifiedSince, "if-modified-since")                              \
  ROW(kIfNoneMatch, "if-none-match")                                      \
  ROW(kIfRange, "if-range")                                               \
  ROW(kIfUnmodifiedSince, "if-unmodified-since")                          \
  ROW(kLastModified, "last-modified")                                     \
  ROW(kLink, "link")                                                      \
  ROW(kLocation, "location")                                              \
  ROW(kMaxForwards, "max-forwards")                                       \
  ROW(kOrigin, "origin")                                                  \
  ROW(kPermissionsPolicy, "permissions-policy")                           \
  ROW(kPragma, "pragma")                                                  \
  ROW(kPriority, "priority")                                              \
  ROW(kProxyAuthenticate, "proxy-authenticate")                           \
  ROW(kProxyAuthorization, "proxy-authorization")                         \
  ROW(kRange, "range")                                                    \
  ROW(kReferer, "referer")                                                \
  ROW(kReferrerPolicy, "referrer-policy")                                 \
  ROW(kRetryAfter, "retry-after")                                         \
  ROW(kSecChUa, "sec-ch-ua")                                              \
  ROW(kSecChUaMobile, "sec-ch-ua-mobile")                                 \
  ROW(kSecChUaPlatform, "sec-ch-ua-platform")                             \
  ROW(kSecFetchDest, "sec-fetch-dest")                                    \
  ROW(kSecFetchMode, "sec-fetch-mode")                                    \
  ROW(kSecFetchSite, "sec-fetch-site")                                    \
  ROW(kSecFetchUser, "sec-fetch-user")                                    \
  ROW(kSecGpc, "sec-gpc")                                                 \
  ROW(kSecWebsocketAccept, "sec-websocket-accept")                        \
  ROW(kSecWebsocketExtensions, "sec-websocket-extensions")                \
  ROW(kSecWebsocketKey, "sec-websocket-key")                              \
  ROW(kSecWebsocketProtocol, "sec-websocket-protocol")                    \
  ROW(kSecWebsocketVersion, "sec-websocket-version")                      \
  ROW(kServerTiming, "server-timing")                                     \
  ROW(kSetCookie, "set-cookie")                                           \
  ROW(kStrictTransportSecurity, "strict-transport-security")              \
  ROW(kTraceparent, "traceparent")                                        \
  ROW(kTracestate, "tracestate")                                          \
  ROW(kUpgradeInsecureRequests, "upgrade-insecure-requests")              \
  ROW(kUserAgent, "user-agent")                                           \
  ROW(kVary, "vary")                                                      \
  ROW(kVia, "via")                                                        \
  ROW(kWwwAuthenticate, "www-authenticate")                               \
  ROW(kXAccelBuffering, "x-accel-buffering")                              \
  ROW(kXApiKey, "x-api-key")                                              \
  ROW(kXContentTypeOptions, "x-content-type-options")                     \
  ROW(kXCsrfToken, "x-csrf-token")                                        \
  ROW(kXCsrftoken, "x-csrftoken")                                         \
  ROW(kXForwardedFor, "x-forwarded-for")                                  \
  ROW(kXForwardedHost, "x-forwarded-host")                                \
  ROW(kXForwardedPort, "x-forwarded-port")                                \
  ROW(kXForwardedPrefix, "x-forwarded-prefix")                            \
  ROW(kXForwardedProto, "x-forwarded-proto")                              \
  ROW(kXFrameOptions, "x-frame-options")                                  \
  ROW(kXHttpMethodOverride, "x-http-method-override")                     \
  ROW(kXProcessTime, "x-process-time")                                    \
  ROW(kXRealIp, "x-real-ip")                                              \
  ROW(kXRequestId, "x-request-id")                                        \
  ROW(kXRequestedWith, "x-requested-with")                                \
  ROW(kXXssProtection, "x-xss-protection")
// clang-format on

enum class FieldName : std::uint16_t {
  kUnknown = 0,
#define HEADRACE_ROW(id, text) id,
  HEADRACE_FIELD_NAMES(HEADRACE_ROW)
#undef HEADRACE_ROW
};

// How many values FieldName has, kUnknown included: the size of a table indexed by it.
inline constexpr std::size_t kFieldNameCount = 1
#define HEADRACE_ROW(id, text) +1
    HEADRACE_FIELD_NAMES(HEADRACE_ROW)
#undef HEADRACE_ROW
    ;

// The row that `name` spells in any case, else kUnknown. No allocation, a few nanoseconds.
[[nodiscard]] FieldName find_field_name(std::string_view name) noexcept;

// The lower-case spelling; empty for kUnknown. Lives as long as the program.
[[nodiscard]] std::string_view spelling(FieldName name) noexcept;

}  // namespace headrace::http
