// What every request has in common, whatever it asks for.
import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { connect, missing } from "./client.mjs";

const requestId = /^req_[0-9A-Za-z]{14,}$/;

test("An address that is not there is an invalid request", { skip: missing }, async () => {
    await assert.rejects(connect().rawRequest("GET", "/v1/nothing"), (error) => {
        assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
        assert.equal(error.statusCode, 404);
        assert.match(error.message, /^Unrecognized request URL \(GET: \/v1\/nothing\)\./);
        assert.match(error.requestId, requestId);
        return true;
    });
});

test("A key that is not known is an authentication error", { skip: missing }, () =>
    assert.rejects(
        connect({}, "sk_test_nobody").rawRequest("GET", "/v1/nothing"),
        Stripe.errors.StripeAuthenticationError,
    ),
);
