// Stripe's own client, as it comes from npm, talking to a Basin that runs: BASIN_PORT and BASIN_KEY say which, BASIN_HOST where (127.0.0.1).
import { Agent } from "node:http";
import Stripe from "stripe";

const { BASIN_HOST: address = "127.0.0.1", BASIN_PORT: port, BASIN_KEY: key } = process.env;

/** Why there is nothing to talk to, or false. */
export const missing = port && key ? false : "BASIN_PORT and BASIN_KEY are not set";

// The client can be given a host, but no path: Basin takes this host for /stripe. It is a name for no machine, so the agent knows its address.
const host = "stripe.localhost";
const agent = new Agent({
    keepAlive: false,
    lookup: (_, options, answer) => (options.all ? answer(null, [{ address, family: 4 }]) : answer(null, address, 4)),
});

/** A client; `options` are those of the constructor. */
export function connect(options = {}, apiKey = key) {
    return new Stripe(apiKey, {
        host,
        port,
        protocol: "http",
        httpAgent: agent,
        maxNetworkRetries: 0,
        telemetry: false,
        ...options,
    });
}
