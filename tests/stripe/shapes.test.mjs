// That the check of shapes finds what it is there for, with a refund made by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shapes } from "./shapes.mjs";

const refund = {
    id: "re_1",
    object: "refund",
    amount: 100,
    balance_transaction: null,
    charge: "ch_1",
    created: 1700000000,
    currency: "eur",
    customer: null,
    customer_account: null,
    metadata: { colour: "red" },
    payment_intent: null,
    payment_method: null,
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
};

async function check(type, object) {
    const recorder = shapes();
    assert.equal(recorder.record(type, object), object);
    await recorder.check();
}

test("What is as the client declares it passes", async () => {
    const withResponse = Object.defineProperty({ ...refund }, "lastResponse", { enumerable: false, value: {} });
    await check("Refund", withResponse);
    await check("ApiList<Stripe.Refund>", { object: "list", data: [refund], has_more: false, url: "/v1/refunds" });
});

const { currency: _, ...incomplete } = refund;
const wrong = [
    ["A member that is missing", "Refund", incomplete, /'currency' is missing/],
    [
        "A member of the wrong type",
        "Refund",
        { ...refund, amount: "100" },
        /'string' is not assignable to type 'number'/,
    ],
    ["A member that should not be null", "Refund", { ...refund, object: null }, /'null' is not assignable/],
    ["A member too many", "Refund", { ...refund, colour: "red" }, /'"?colour"?' does not exist/],
    ["Wrong metadata", "Refund", { ...refund, metadata: { a: 1 } }, /'number' is not assignable to type 'string'/],
    [
        "A wrong object in a list",
        "ApiList<Stripe.Refund>",
        { object: "list", data: [incomplete], has_more: false, url: "/" },
        /'currency' is missing/,
    ],
    ["A type that is not there", "Refunded", refund, /has no exported member/],
];
for (const [what, type, object, message] of wrong) {
    test(`${what} is an error`, () => assert.rejects(check(type, object), message));
}
