-- The wrk script: POSTs one fixed body, then prints wrk's own figures as a line of JSON.
-- usage: wrk ... -s post.lua URL -- BODY_FILE ["Header: value" ...]

function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = "application/json"
  for at = 2, #args do
    local name, value = args[at]:match("^([^:]+):%s*(.+)$")
    wrk.headers[name] = value
  end
end

function done(summary, latency, requests)
  local failed = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "microseconds": %d, "p50_us": %d, "p99_us": %d, "connect_errors": %d, ' ..
    '"read_errors": %d, "write_errors": %d, "timeouts": %d, "status_errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed.connect,
    failed.read, failed.write, failed.timeout, failed.status))
end
