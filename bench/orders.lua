-- Load for POST /v1/orders. A pool of orders is made up front, so that making them takes no time from the server beside it.
-- Environment: BASIN_OPERATOR_KEY, sent as bearer key; BENCH_KEY_PREFIX, unique per run, for an Idempotency-Key of its own on every
-- request, which counts upwards unless BENCH_KEYS is "random"; BENCH_SKUS, a file with an SKU per line; BENCH_EXPLAIN, to print the first
-- answer that is not 201.

local pool_size = 4096
local skus = {}
for sku in io.lines(os.getenv("BENCH_SKUS")) do skus[#skus + 1] = sku end
local bearer = os.getenv("BASIN_OPERATOR_KEY")
local key_prefix = os.getenv("BENCH_KEY_PREFIX")
local random_keys = os.getenv("BENCH_KEYS") == "random"
local heads, bodies, sent, explained = {}, {}, 0, false

local function order()
   local lines = {}
   for i = 1, math.random(3) do
      lines[i] = string.format('{"sku":"%s","quantity":%d}', skus[math.random(#skus)], math.random(3))
   end
   return '{"email":"ada@example.com","shipTo":{"name":"Ada Lovelace","line1":"12 St James\'s Square","city":"London",'
      .. '"postalCode":"SW1Y 4JH","country":"GB"},"lines":[' .. table.concat(lines, ",") .. '],"payment":{"token":"tok_visa"}}'
end

function init()
   math.randomseed(42)
   wrk.headers["Content-Type"] = "application/json"
   if bearer then wrk.headers["Authorization"] = "Bearer " .. bearer end
   for i = 1, pool_size do
      local request = wrk.format("POST", "/v1/orders", nil, order())
      local first_line = request:find("\r\n", 1, true)
      heads[i], bodies[i] = request:sub(1, first_line + 1), request:sub(first_line + 2)
   end
end

function request()
   sent = sent + 1
   local i = sent % pool_size + 1
   if not key_prefix then return heads[i] .. bodies[i] end
   local key = random_keys and string.format("%08x", math.random(0, 4294967295)) .. "-" .. sent or sent
   return heads[i] .. 'Idempotency-Key: "' .. key_prefix .. "-" .. key .. '"\r\n' .. bodies[i]
end

-- wrk calls this for every answer when it exists, which costs it time: so only while nothing is measured.
if os.getenv("BENCH_EXPLAIN") then
   function response(status, headers, body)
      if status ~= 201 and not explained then
         explained = true
         print(status, body)
      end
   end
end

function done(summary, latency, requests)
   local errors = summary.errors
   local broken = errors.connect + errors.read + errors.write + errors.timeout
   print(string.format('{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"refused":%d,"broken":%d}',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, errors.status, broken))
end
