-- Prints what wrk measured as one line of name=value pairs; latencies in microseconds.
--   wrk -s wrk.lua URL [-- PAUSE]
-- With PAUSE, each connection waits so many milliseconds before each request: latency at a load
-- that does not saturate the server.
init = function(arguments)
  local pause_ms = tonumber(arguments[1])
  if pause_ms then
    delay = function() return pause_ms end
  end
end

done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "RESULT requests=%d duration_us=%d p50_us=%d p99_us=%d max_us=%d errors=%d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    latency.max, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
