-- Load for POST /stripe/v1/payment_intents. Environment: BASIN_OPERATOR_KEY, sent as bearer key; BENCH_KEY_PREFIX, unique per run, for an Idempotency-Key
-- of its own on every request; BENCH_FORM, the body.

local key_prefix, sent = os.getenv("BENCH_KEY_PREFIX"), 0
local head, body

function init()
   wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
   wrk.headers["Authorization"] = "Bearer " .. os.getenv("BASIN_OPERATOR_KEY")
   local request = wrk.format("POST", "/stripe/v1/payment_intents", nil, os.getenv("BENCH_FORM"))
   local first_line = request:find("\r\n", 1, true)
   head, body = request:sub(1, first_line + 1), request:sub(first_line + 2)
end

function request()
   sent = sent + 1
   return head .. "Idempotency-Key: " .. key_prefix .. "-" .. sent .. "\r\n" .. body
end

function done(summary, latency, requests)
   local errors = summary.errors
   local broken = errors.connect + errors.read + errors.write + errors.timeout
   print(string.format('{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"refused":%d,"broken":%d}',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, errors.status, broken))
end
