// Cards that are kept for later, with the customer's proof where their bank wants one.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import Stripe from "stripe";
import { connect, missing } from "./client.mjs";
import { prove } from "./proof.mjs";
import { shapes } from "./shapes.mjs";

const skip = missing;
const stripe = connect();
const seen = shapes();
const setup = (it) => seen.record("SetupIntent", it);

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

test("A card is kept at once", { skip }, async () => {
    const ada = await stripe.customers.create();
    const done = setup(
        await stripe.setupIntents.create({
            customer: ada.id,
            payment_method: "pm_card_visa",
            usage: "off_session",
            confirm: true,
            automatic_payment_methods: { enabled: true, allow_redirects: "never" },
            metadata: { a: "b" },
            expand: ["payment_method", "customer"],
        }),
    );
    assert.deepEqual([done.status, done.usage, done.customer.id, done.metadata.a], ["succeeded", "off_session", ada.id, "b"]);
    assert.equal((await stripe.paymentMethods.retrieve(done.payment_method.id)).customer, ada.id);
    assert.equal((await refusal(stripe.setupIntents.cancel(done.id))).code, "setup_intent_unexpected_state");
});

test("An intent is made, changed, confirmed and found", { skip }, async () => {
    const ada = await stripe.customers.create();
    const made = setup(await stripe.setupIntents.create({ customer: ada.id, description: "for later" }));
    assert.equal(made.status, "requires_payment_method");
    assert.match(made.client_secret, new RegExp(`^${made.id}_secret_`));
    assert.equal((await refusal(stripe.setupIntents.confirm(made.id))).code, "setup_intent_unexpected_state");

    const chosen = setup(await stripe.setupIntents.update(made.id, { payment_method: "pm_card_amex", metadata: { a: "b" } }));
    assert.deepEqual([chosen.status, chosen.metadata.a], ["requires_confirmation", "b"]);
    assert.equal(setup(await stripe.setupIntents.confirm(made.id)).status, "succeeded");
    assert.equal(setup(await stripe.setupIntents.retrieve(made.id, { client_secret: made.client_secret })).payment_method, chosen.payment_method);

    const listed = seen.record("ApiList<Stripe.SetupIntent>", await stripe.setupIntents.list({ customer: ada.id }));
    assert.deepEqual(
        listed.data.map((each) => each.id),
        [made.id],
    );
    const ofMethod = await stripe.setupIntents.list({ payment_method: chosen.payment_method });
    assert.equal(ofMethod.data[0].id, made.id);
});

test("A token makes the method that is kept", { skip }, async () => {
    const done = setup(
        await stripe.setupIntents.create({
            payment_method_data: { type: "card", card: { token: "tok_mastercard" }, billing_details: { name: "Ada" } },
            confirm: true,
            expand: ["payment_method"],
        }),
    );
    assert.deepEqual([done.status, done.payment_method.card.brand, done.payment_method.billing_details.name], ["succeeded", "mastercard", "Ada"]);
});

for (const [card, code] of [
    ["chargeDeclined", "card_declined"],
    ["chargeDeclinedExpiredCard", "expired_card"],
    ["chargeDeclinedIncorrectCvc", "incorrect_cvc"],
]) {
    test(`pm_card_${card} is not kept`, { skip }, async () => {
        const error = await refusal(stripe.setupIntents.create({ payment_method: `pm_card_${card}`, confirm: true }));
        assert.ok(error instanceof Stripe.errors.StripeCardError);
        assert.deepEqual([error.statusCode, error.code], [402, code]);
        assert.equal(error.setup_intent.status, "requires_payment_method");
        const after = setup(await stripe.setupIntents.retrieve(error.setup_intent.id));
        assert.deepEqual([after.payment_method, after.last_setup_error.code], [null, code]);
        const done = setup(await stripe.setupIntents.confirm(after.id, { payment_method: "pm_card_visa" }));
        assert.deepEqual([done.status, done.last_setup_error], ["succeeded", null]);
    });
}

test("A bank that wants proof asks the customer", { skip }, async () => {
    const there = setup(
        await stripe.setupIntents.create({
            payment_method: "pm_card_authenticationRequired",
            confirm: true,
            return_url: "https://shop.example/back",
        }),
    );
    assert.deepEqual([there.status, there.next_action.type], ["requires_action", "redirect_to_url"]);
    assert.equal(there.next_action.redirect_to_url.return_url, "https://shop.example/back");
    await prove(there.next_action.redirect_to_url.url, "complete");
    const proved = setup(await stripe.setupIntents.retrieve(there.id));
    assert.deepEqual([proved.status, proved.next_action], ["succeeded", null]);
    const refused = await stripe.setupIntents.create({
        payment_method: "pm_card_authenticationRequired",
        confirm: true,
        return_url: "https://shop.example/back",
    });
    await prove(refused.next_action.redirect_to_url.url, "fail");
    const failed = setup(await stripe.setupIntents.retrieve(refused.id));
    assert.deepEqual([failed.status, failed.last_setup_error.code], ["requires_payment_method", "setup_intent_authentication_failure"]);
    const here = setup(await stripe.setupIntents.create({ payment_method: "pm_card_threeDSecure2Required", confirm: true }));
    assert.deepEqual([here.status, here.next_action.type], ["requires_action", "use_stripe_sdk"]);
    const gone = setup(await stripe.setupIntents.cancel(here.id, { cancellation_reason: "abandoned" }));
    assert.deepEqual([gone.status, gone.cancellation_reason, gone.next_action], ["canceled", "abandoned", null]);
});

test("A key keeps one card, whatever becomes of the answers", { skip }, async () => {
    const key = { idempotencyKey: randomUUID() };
    const params = { payment_method: "pm_card_visa", confirm: true };
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await stripe.setupIntents.create(params, key));
    assert.equal(new Set(answers.map((answer) => answer.id)).size, 1);
    assert.equal(new Set(answers.map((answer) => answer.payment_method)).size, 1);
});

test("Bad parameters are named", { skip }, async () => {
    const cases = [
        [{ usage: "never" }, "usage", undefined],
        [{ customer: "cus_missing" }, "customer", "resource_missing"],
        [{ payment_method: "pm_missing" }, "payment_method", "resource_missing"],
        [{ payment_method_types: ["ideal"] }, "payment_method_types", undefined],
        [{ colour: "red" }, "colour", "parameter_unknown"],
    ];
    for (const [params, param, code] of cases) {
        const error = await refusal(stripe.setupIntents.create(params));
        assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError, error.message);
        assert.deepEqual([error.param, error.code], [param, code], JSON.stringify(params));
    }
    assert.equal((await refusal(stripe.setupIntents.retrieve("seti_missing"))).statusCode, 404);
});
