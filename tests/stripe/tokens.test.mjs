// Tokens, where card numbers come in, and endpoints, where merchants are told what happens.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import Stripe from "stripe";
import { connect, missing } from "./client.mjs";
import { shapes } from "./shapes.mjs";

const skip = missing;
const stripe = connect();
const seen = shapes();
const endpoint = (it) => seen.record("WebhookEndpoint", it);
const number = "5555555555554444";
const card = (more = {}) => ({ card: { number, exp_month: "12", exp_year: "2040", cvc: "123", ...more } });

/** The error of a call that fails. */
async function refusal(call) {
    const error = await call.then(
        () => null,
        (thrown) => thrown,
    );
    assert.ok(error instanceof Stripe.errors.StripeError, `an error of Stripe's is expected, not ${error}`);
    return error;
}

after(async () => {
    if (!skip) await seen.check();
});

test("A card becomes a token", { skip }, async () => {
    const token = seen.record("Token", await stripe.tokens.create(card({ name: "Ada", address_line1: "Weg 1", address_zip: "10115" })));
    assert.deepEqual([token.type, token.used, token.card.brand, token.card.last4], ["card", false, "MasterCard", "4444"]);
    assert.deepEqual([token.card.exp_month, token.card.exp_year, token.card.cvc_check], [12, 2040, "unchecked"]);
    const found = seen.record("Token", await stripe.tokens.retrieve(token.id));
    assert.deepEqual([found.card.name, found.card.address_zip], ["Ada", "10115"]);
    assert.equal((await refusal(stripe.tokens.retrieve("tok_missing"))).statusCode, 404);
});

const wrong = [
    [{ number: "5555555555554445" }, "incorrect_number", "number"],
    [{ number: "55" }, "invalid_number", "number"],
    [{ exp_month: "13" }, "invalid_expiry_month", "exp_month"],
    [{ exp_year: "2001" }, "invalid_expiry_year", "exp_year"],
    [{ cvc: "12" }, "invalid_cvc", "cvc"],
];
for (const [more, code, param] of wrong) {
    test(`A card is refused with ${code}`, { skip }, async () => {
        const error = await refusal(stripe.tokens.create(card(more)));
        assert.ok(error instanceof Stripe.errors.StripeCardError);
        assert.deepEqual([error.statusCode, error.code, error.param], [402, code, param]);
        assert.ok(!JSON.stringify(error).includes(number));
    });
}

test("A repeat gets the same token, another card under its key none", { skip }, async () => {
    const key = { idempotencyKey: randomUUID() };
    const first = await stripe.tokens.create(card(), key);
    assert.equal((await stripe.tokens.create(card(), key)).id, first.id);
    assert.equal((await refusal(stripe.tokens.create(card({ number: "4242424242424242" }), key))).type, "StripeIdempotencyError");
});

test("A number in a wrong place is not repeated", { skip }, async () => {
    for (const params of [{ card: number }, { number }, card({ name: number }), card({ pan: number }), { ...card(), note: number }]) {
        const error = await refusal(stripe.tokens.create(params));
        assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError, error.message);
        assert.ok(!JSON.stringify(error).includes(number));
    }
});

test("An endpoint is made, found, changed and deleted", { skip }, async () => {
    const made = endpoint(
        await stripe.webhookEndpoints.create({
            url: "https://example.com/hook",
            enabled_events: ["charge.succeeded", "invoice.paid"],
            description: "mine",
            metadata: { a: "b" },
            api_version: Stripe.API_VERSION,
        }),
    );
    assert.match(made.secret, /^whsec_/);
    assert.deepEqual([made.status, made.enabled_events, made.metadata], ["enabled", ["charge.succeeded", "invoice.paid"], { a: "b" }]);
    assert.equal(endpoint(await stripe.webhookEndpoints.retrieve(made.id)).secret, undefined);

    const changed = endpoint(
        await stripe.webhookEndpoints.update(made.id, { enabled_events: ["*"], disabled: true, description: "", metadata: { c: "d" } }),
    );
    assert.deepEqual([changed.status, changed.description, changed.enabled_events], ["disabled", null, ["*"]]);
    assert.deepEqual(changed.metadata, { a: "b", c: "d" });
    const listed = seen.record("ApiList<Stripe.WebhookEndpoint>", await stripe.webhookEndpoints.list({ limit: 100 }));
    assert.ok(listed.data.some((each) => each.id === made.id));

    const gone = seen.record("DeletedWebhookEndpoint", await stripe.webhookEndpoints.del(made.id));
    assert.equal(gone.deleted, true);
    assert.equal((await refusal(stripe.webhookEndpoints.retrieve(made.id))).statusCode, 404);
});

test("An endpoint that cannot be is refused with the parameter named", { skip }, async () => {
    const cases = [
        [{ url: "nonsense", enabled_events: ["*"] }, "url"],
        [{ url: "http://10.0.0.1/", enabled_events: ["*"] }, "url"],
        [{ enabled_events: ["*"] }, "url"],
        [{ url: "https://example.com/" }, "enabled_events"],
        [{ url: "https://example.com/", enabled_events: ["charge.*"] }, "enabled_events[0]"],
    ];
    for (const [params, param] of cases) {
        const error = await refusal(stripe.webhookEndpoints.create(params));
        assert.deepEqual([error.statusCode, error.param], [400, param], JSON.stringify(params));
    }
});
