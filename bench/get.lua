-- Load for GET of BENCH_PATH. Environment: BASIN_OPERATOR_KEY, sent as bearer key.

function init()
   wrk.headers["Authorization"] = "Bearer " .. os.getenv("BASIN_OPERATOR_KEY")
   get = wrk.format("GET", os.getenv("BENCH_PATH"))
end

function request()
   return get
end

function done(summary, latency, requests)
   local errors = summary.errors
   local broken = errors.connect + errors.read + errors.write + errors.timeout
   print(string.format('{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"refused":%d,"broken":%d}',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, errors.status, broken))
end
