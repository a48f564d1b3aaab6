// The sample routes of the tests of StripeDialect, which start this with BASIN_SAMPLE set: what the client makes of answers, errors and keys.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import Stripe from "stripe";
import { connect, missing } from "./client.mjs";

const skip = missing || (process.env.BASIN_SAMPLE ? false : "BASIN_SAMPLE is not set");
const stripe = connect();
const create = (params, options) => stripe.rawRequest("POST", "/v1/pets", params, options);

test("An object comes back as it was sent", { skip }, async () => {
    const pet = await create({ name: "Zoë & co", metadata: { "a b": "1+1=2", 0: "zero" } });
    assert.equal(pet.object, "pet");
    assert.equal(pet.name, "Zoë & co");
    assert.deepEqual(pet.metadata, { "a b": "1+1=2", 0: "zero" });
    assert.equal(pet.vet, null);
    assert.equal(typeof pet.created, "number");
    assert.match(pet.lastResponse.requestId, /^req_/);
    assert.match(pet.lastResponse.idempotencyKey, /^stripe-node-retry-/);
    assert.equal(pet.lastResponse.apiVersion, Stripe.API_VERSION);
});

test("Every kind of parameter arrives", { skip }, async () => {
    const everything = {
        amount: 100,
        currency: "EUR",
        flag: true,
        time: new Date(1700000000000),
        mode: "slow",
        day: "monday",
        card: { number: "4242", address: { line1: "Main St" } },
        items: [{ price: 1 }, { price: 2 }],
        types: ["a", "b"],
        metadata: { k: "v" },
    };
    assert.deepEqual(
        { ...(await stripe.rawRequest("POST", "/v1/everything", everything)) },
        { version: Stripe.API_VERSION },
    );
});

test("A repeat under a key gets the first answer", { skip }, async () => {
    const key = { idempotencyKey: randomUUID() };
    const first = await create({ name: "cat" }, key);
    const again = await create({ name: "cat" }, key);
    assert.equal(again.id, first.id);
    assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
    assert.equal(again.lastResponse.headers["original-request"], first.lastResponse.requestId);
    await assert.rejects(create({ name: "dog" }, key), Stripe.errors.StripeIdempotencyError);
});

test("Errors are of the class that the client has for them", { skip }, async () => {
    await assert.rejects(create({ name: "dragon" }), (error) => {
        assert.ok(error instanceof Stripe.errors.StripeCardError);
        assert.equal(error.code, "card_declined");
        assert.equal(error.decline_code, "generic_decline");
        assert.equal(error.charge, "ch_1");
        return true;
    });
    await assert.rejects(create({}), (error) => {
        assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
        assert.deepEqual([error.code, error.param], ["parameter_missing", "name"]);
        return true;
    });
    await assert.rejects(stripe.rawRequest("GET", "/v1/broken"), Stripe.errors.StripeAPIError);
});

test("Lists are paged and expanded", { skip }, async () => {
    await create({ name: "first", owner: "own_1" });
    await create({ name: "second", owner: "own_1" });
    const page = await stripe.rawRequest("GET", "/v1/pets?limit=1&expand[0]=data.owner");
    assert.deepEqual([page.object, page.has_more, page.url, page.data[0].name], ["list", true, "/v1/pets", "second"]);
    assert.equal(page.data[0].owner.object, "owner");
    const next = await stripe.rawRequest("GET", `/v1/pets?limit=1&starting_after=${page.data[0].id}`);
    assert.equal(next.data[0].name, "first");
});
