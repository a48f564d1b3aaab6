// Payment intents, charges, refunds and balances, from a merchant's side.
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
const intent = (it) => seen.record("PaymentIntent", it);
const sale = (more = {}) => ({ amount: 2000, currency: "usd", payment_method: "pm_card_visa", confirm: true, ...more });
const held = (more = {}) => sale({ capture_method: "manual", ...more });

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

test("A card is charged at once", { skip }, async () => {
    const paid = intent(await stripe.paymentIntents.create(sale({ metadata: { order: "17" }, description: "Two mugs" })));
    assert.equal(paid.status, "succeeded");
    assert.deepEqual([paid.amount_received, paid.amount_capturable, paid.metadata.order], [2000, 0, "17"]);

    const charge = seen.record("Charge", await stripe.charges.retrieve(paid.latest_charge));
    assert.deepEqual([charge.captured, charge.paid, charge.status, charge.amount_captured], [true, true, "succeeded", 2000]);
    assert.equal(charge.payment_method_details.card.last4, "4242");
    assert.equal(charge.payment_intent, paid.id);
    assert.equal(charge.description, "Two mugs");

    const line = seen.record("BalanceTransaction", await stripe.balanceTransactions.retrieve(charge.balance_transaction));
    assert.deepEqual([line.amount, line.fee, line.net, line.type, line.status], [2000, 88, 1912, "charge", "pending"]);
    assert.equal(line.source, charge.id);
});

test("An intent is made, changed, confirmed and found", { skip }, async () => {
    const made = intent(await stripe.paymentIntents.create({ amount: 1099, currency: "eur", automatic_payment_methods: { enabled: true } }));
    assert.equal(made.status, "requires_payment_method");
    assert.equal(made.automatic_payment_methods.enabled, true);
    assert.match(made.client_secret, new RegExp(`^${made.id}_secret_`));

    const changed = intent(await stripe.paymentIntents.update(made.id, { amount: 1299, metadata: { a: "1" } }));
    assert.deepEqual([changed.amount, changed.metadata.a], [1299, "1"]);

    const confirmed = intent(await stripe.paymentIntents.confirm(made.id, { payment_method: "pm_card_mastercard" }));
    assert.equal(confirmed.status, "succeeded");

    const found = intent(await stripe.paymentIntents.retrieve(made.id, { expand: ["latest_charge.balance_transaction"] }));
    assert.equal(found.latest_charge.payment_method_details.card.brand, "mastercard");
    assert.equal(found.latest_charge.balance_transaction.object, "balance_transaction");
    assert.equal(found.latest_charge.balance_transaction.net, 1299 - 68);
});

test("What is held is taken in part, and the rest is free", { skip }, async () => {
    const made = intent(await stripe.paymentIntents.create(held()));
    assert.deepEqual([made.status, made.amount_capturable, made.amount_received], ["requires_capture", 2000, 0]);
    const charge = await stripe.charges.retrieve(made.latest_charge);
    assert.deepEqual([charge.captured, charge.balance_transaction], [false, null]);

    const taken = intent(await stripe.paymentIntents.capture(made.id, { amount_to_capture: 1500 }));
    assert.deepEqual([taken.status, taken.amount_received, taken.amount_capturable], ["succeeded", 1500, 0]);

    const again = await refusal(stripe.paymentIntents.capture(made.id));
    assert.equal(again.code, "payment_intent_unexpected_state");
});

test("More is held before it is taken", { skip }, async () => {
    const made = await stripe.paymentIntents.create(held());
    const more = intent(await stripe.paymentIntents.incrementAuthorization(made.id, { amount: 2600 }));
    assert.deepEqual([more.status, more.amount, more.amount_capturable], ["requires_capture", 2600, 2600]);
    const less = await refusal(stripe.paymentIntents.incrementAuthorization(made.id, { amount: 2500 }));
    assert.equal(less.param, "amount");
    const taken = await stripe.paymentIntents.capture(made.id);
    assert.equal(taken.amount_received, 2600);
});

test("More than is held cannot be taken", { skip }, async () => {
    const made = await stripe.paymentIntents.create(held());
    const error = await refusal(stripe.paymentIntents.capture(made.id, { amount_to_capture: 2001 }));
    assert.deepEqual([error.code, error.param], ["amount_too_large", "amount_to_capture"]);
    assert.equal((await stripe.paymentIntents.retrieve(made.id)).status, "requires_capture");
});

test("A hold is cancelled", { skip }, async () => {
    const made = await stripe.paymentIntents.create(held());
    const gone = intent(await stripe.paymentIntents.cancel(made.id, { cancellation_reason: "requested_by_customer" }));
    assert.deepEqual([gone.status, gone.cancellation_reason], ["canceled", "requested_by_customer"]);
    assert.equal(typeof gone.canceled_at, "number");
    assert.equal((await refusal(stripe.paymentIntents.confirm(made.id))).code, "payment_intent_unexpected_state");
    assert.equal((await refusal(stripe.paymentIntents.cancel(made.id))).code, "payment_intent_unexpected_state");
});

const declines = [
    ["pm_card_visa_chargeDeclined", "card_declined", "generic_decline"],
    ["pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"],
    ["pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"],
    ["pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"],
    ["pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"],
    ["pm_card_chargeDeclinedExpiredCard", "expired_card", undefined],
    ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", undefined],
    ["pm_card_chargeDeclinedProcessingError", "processing_error", undefined],
    ["pm_card_chargeCustomerFail", "card_declined", "generic_decline"],
    ["pm_card_radarBlock", "card_declined", "fraudulent"],
];
for (const [method, code, decline] of declines) {
    test(`${method} is declined with ${decline ?? code}`, { skip }, async () => {
        const error = await refusal(stripe.paymentIntents.create(sale({ payment_method: method })));
        assert.ok(error instanceof Stripe.errors.StripeCardError);
        assert.deepEqual([error.statusCode, error.code, error.decline_code], [402, code, decline ?? ""]);
        assert.equal(error.payment_intent.status, "requires_payment_method");
        assert.equal(error.payment_intent.payment_method, null);
        assert.equal(error.payment_intent.last_payment_error.code, code);
        intent(await stripe.paymentIntents.retrieve(error.payment_intent.id));
        const charge = seen.record("Charge", await stripe.charges.retrieve(error.charge));
        assert.deepEqual([charge.status, charge.paid, charge.failure_code], ["failed", false, code]);
    });
}

test("A declined intent is paid with another card, and shows both charges", { skip }, async () => {
    const error = await refusal(stripe.paymentIntents.create(sale({ payment_method: "pm_card_visa_chargeDeclined" })));
    const id = error.payment_intent.id;
    assert.equal((await refusal(stripe.paymentIntents.confirm(id))).code, "payment_intent_unexpected_state");
    const paid = intent(await stripe.paymentIntents.confirm(id, { payment_method: "pm_card_amex" }));
    assert.deepEqual([paid.status, paid.last_payment_error], ["succeeded", null]);
    const charges = seen.record("ApiList<Stripe.Charge>", await stripe.charges.list({ payment_intent: id }));
    assert.deepEqual(
        charges.data.map((charge) => charge.status),
        ["succeeded", "failed"],
    );
});

test("Money goes back in parts, never more than was taken", { skip }, async () => {
    const paid = await stripe.paymentIntents.create(sale());
    const first = seen.record("Refund", await stripe.refunds.create({ payment_intent: paid.id, amount: 500, metadata: { why: "chipped" } }));
    assert.deepEqual([first.status, first.amount, first.metadata.why], ["succeeded", 500, "chipped"]);
    const line = seen.record("BalanceTransaction", await stripe.balanceTransactions.retrieve(first.balance_transaction));
    assert.deepEqual([line.amount, line.net, line.type], [-500, -500, "refund"]);

    const tooMuch = await refusal(stripe.refunds.create({ charge: paid.latest_charge, amount: 1501 }));
    assert.deepEqual([tooMuch.code, tooMuch.param], ["amount_too_large", "amount"]);

    const rest = seen.record("Refund", await stripe.refunds.create({ charge: paid.latest_charge, reason: "requested_by_customer" }));
    assert.deepEqual([rest.amount, rest.reason], [1500, "requested_by_customer"]);
    const charge = seen.record("Charge", await stripe.charges.retrieve(paid.latest_charge));
    assert.deepEqual([charge.refunded, charge.amount_refunded], [true, 2000]);
    assert.equal((await refusal(stripe.refunds.create({ charge: charge.id }))).code, "charge_already_refunded");

    const all = seen.record("ApiList<Stripe.Refund>", await stripe.refunds.list({ charge: charge.id }));
    assert.deepEqual(
        all.data.map((refund) => refund.id),
        [rest.id, first.id],
    );
    const described = seen.record("Refund", await stripe.refunds.update(first.id, { metadata: { why: "", ticket: "9" } }));
    assert.deepEqual(described.metadata, { ticket: "9" });
});

test("What was not taken cannot go back", { skip }, async () => {
    const made = await stripe.paymentIntents.create(held());
    const error = await refusal(stripe.refunds.create({ payment_intent: made.id }));
    assert.equal(error.code, "charge_not_refundable");
});

test("A key makes one payment, whatever becomes of the answers", { skip }, async () => {
    const key = { idempotencyKey: randomUUID() };
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await stripe.paymentIntents.create(sale(), key));
    assert.equal(new Set(answers.map((answer) => answer.id)).size, 1);
    assert.equal(new Set(answers.map((answer) => answer.latest_charge)).size, 1);
    assert.equal(answers[1].lastResponse.headers["idempotent-replayed"], "true");
    assert.equal((await stripe.charges.list({ payment_intent: answers[0].id })).data.length, 1);

    const declined = { idempotencyKey: randomUUID() };
    const lost = sale({ payment_method: "pm_card_visa_chargeDeclined" });
    const [one, two] = [await refusal(stripe.paymentIntents.create(lost, declined)), await refusal(stripe.paymentIntents.create(lost, declined))];
    assert.equal(one.payment_intent.id, two.payment_intent.id);
    assert.equal((await refusal(stripe.paymentIntents.create(sale({ amount: 1 + 2000 }), key))).type, "StripeIdempotencyError");
});

test("Lists are paged by the client, both ways", { skip }, async () => {
    const made = [];
    for (let i = 0; i < 7; i++) made.push((await stripe.paymentIntents.create({ amount: 1000 + i, currency: "usd" })).id);
    const page = seen.record("ApiList<Stripe.PaymentIntent>", await stripe.paymentIntents.list({ limit: 3 }));
    assert.equal(page.has_more, true);
    assert.deepEqual(
        page.data.map((each) => each.id),
        made.slice(-3).reverse(),
    );
    const seenIds = [];
    for await (const each of stripe.paymentIntents.list({ limit: 2 })) {
        seenIds.push(each.id);
        if (seenIds.length === 7) break;
    }
    assert.deepEqual(seenIds, made.toReversed());
    const newer = await stripe.paymentIntents.list({ limit: 2, ending_before: made[0] });
    assert.deepEqual(
        newer.data.map((each) => each.id),
        [made[2], made[1]],
    );
});

test("The balance is the sum of its lines", { skip }, async () => {
    const before = seen.record("Balance", await stripe.balance.retrieve());
    const sum = (balance) => [...balance.pending, ...balance.available].filter((each) => each.currency === "chf").reduce((all, each) => all + each.amount, 0);
    const paid = await stripe.paymentIntents.create(sale({ currency: "chf", amount: 10000 }));
    await stripe.refunds.create({ payment_intent: paid.id, amount: 2500 });
    const behind = seen.record("Balance", await stripe.balance.retrieve());
    assert.equal(sum(behind) - sum(before), 10000 - 320 - 2500);
    const lines = seen.record("ApiList<Stripe.BalanceTransaction>", await stripe.balanceTransactions.list({ source: paid.latest_charge }));
    assert.deepEqual(
        lines.data.map((line) => line.net),
        [9680],
    );
});

test("Bad parameters are named, and nothing is made", { skip }, async () => {
    const cases = [
        [{ currency: "usd" }, "amount", "parameter_missing"],
        [{ amount: 100 }, "currency", "parameter_missing"],
        [{ amount: "ten", currency: "usd" }, "amount", "parameter_invalid_integer"],
        [{ amount: -5, currency: "usd" }, "amount", "parameter_invalid_integer"],
        [{ amount: 10, currency: "usd" }, "amount", "amount_too_small"],
        [{ amount: 999999999, currency: "usd" }, "amount", "amount_too_large"],
        [{ amount: 100, currency: "zzz" }, "currency", undefined],
        [{ amount: 100, currency: "usd", colour: "red" }, "colour", "parameter_unknown"],
        [{ amount: 100, currency: "usd", customer: "cus_missing" }, "customer", "resource_missing"],
        [{ amount: 100, currency: "usd", payment_method: "pm_missing" }, "payment_method", "resource_missing"],
        [{ amount: 100, currency: "usd", payment_method_types: ["ideal"] }, "payment_method_types", undefined],
        [{ amount: 100, currency: "usd", expand: ["metadata"] }, "expand", undefined],
        [sale({ payment_method: undefined }), undefined, "payment_intent_unexpected_state"],
    ];
    for (const [params, param, code] of cases) {
        const error = await refusal(stripe.paymentIntents.create(params));
        assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError, error.message);
        assert.deepEqual([error.param, error.code], [param, code], JSON.stringify(params));
    }
    assert.equal((await refusal(stripe.paymentIntents.retrieve("pi_missing"))).statusCode, 404);
    assert.equal((await refusal(stripe.charges.retrieve("ch_missing"))).statusCode, 404);
    assert.equal((await refusal(stripe.refunds.retrieve("re_missing"))).statusCode, 404);
});

test("Every step is an event", { skip }, async () => {
    const made = await stripe.paymentIntents.create(held());
    await stripe.paymentIntents.capture(made.id);
    await stripe.refunds.create({ payment_intent: made.id });
    const events = seen.record("ApiList<Stripe.Event>", await stripe.events.list({ limit: 20 }));
    const about = events.data.filter((event) => event.data.object.id === made.id || event.data.object.payment_intent === made.id);
    assert.deepEqual(about.map((event) => event.type).toReversed(), [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
        "refund.created",
        "refund.updated",
        "charge.refunded",
    ]);
    seen.record("Event", await stripe.events.retrieve(about[0].id));
    const some = await stripe.events.list({ type: "payment_intent.succeeded", limit: 3 });
    assert.ok(some.data.every((event) => event.type === "payment_intent.succeeded"));
});

test("A hundred captures at once take the money once", { skip }, async () => {
    const made = await stripe.paymentIntents.create(held());
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => stripe.paymentIntents.capture(made.id)));
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
    assert.ok(results.every((result) => result.status === "fulfilled" || result.reason.code === "payment_intent_unexpected_state"));
    const lines = await stripe.balanceTransactions.list({ source: made.latest_charge });
    assert.equal(lines.data.length, 1);
});

test("A hundred refunds at once never give back more than was taken", { skip }, async () => {
    const paid = await stripe.paymentIntents.create(sale());
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => stripe.refunds.create({ payment_intent: paid.id, amount: 300 })));
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 6);
    assert.ok(results.every((result) => result.status === "fulfilled" || result.reason.code === "amount_too_large"));
    assert.equal((await stripe.charges.retrieve(paid.latest_charge)).amount_refunded, 1800);
});

/** Asks until it is so: what a provider tells by itself comes when it comes. */
async function until(ask, holds) {
    for (let i = 0; i < 200; i++) {
        const it = await ask();
        if (holds(it)) return it;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("It has not come about.");
}

const settled = (id) => until(() => stripe.paymentIntents.retrieve(id), (it) => !["requires_action", "processing"].includes(it.status));
const proofs = [
    ["pm_card_threeDSecure2Required", "complete", "succeeded", undefined],
    ["pm_card_threeDSecure2Required", "fail", "requires_payment_method", "payment_intent_authentication_failure"],
    ["pm_card_authenticationRequired", "complete", "succeeded", undefined],
    ["pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "complete", "requires_payment_method", "card_declined"],
    ["pm_card_threeDSecureRequiredProcessingError", "complete", "requires_payment_method", "processing_error"],
];
for (const [method, answer, status, code] of proofs) {
    test(`${method}, and the customer's answer is to ${answer}`, { skip }, async () => {
        const asked = intent(await stripe.paymentIntents.create(sale({ payment_method: method, return_url: "https://shop.example/back" })));
        assert.equal(asked.status, "requires_action");
        assert.equal(asked.next_action.type, "redirect_to_url");
        assert.equal(asked.latest_charge, null);
        assert.equal(await prove(asked.next_action.redirect_to_url.url, answer), "https://shop.example/back");
        const done = intent(await settled(asked.id));
        assert.deepEqual([done.status, done.last_payment_error?.code], [status, code]);
    });
}

test("Nobody is there to prove who they are", { skip }, async () => {
    const error = await refusal(stripe.paymentIntents.create(sale({ payment_method: "pm_card_authenticationRequired", off_session: true })));
    assert.deepEqual([error.code, error.decline_code], ["authentication_required", "authentication_required"]);
});

test("A customer who does not come back is not waited for", { skip }, async () => {
    const asked = await stripe.paymentIntents.create(sale({ payment_method: "pm_card_authenticationRequired" }));
    assert.equal(asked.next_action.type, "use_stripe_sdk");
    intent(asked);
    assert.equal((await stripe.paymentIntents.cancel(asked.id)).status, "canceled");
});

const disputed = async (method) => {
    const paid = await stripe.paymentIntents.create(sale({ payment_method: method }));
    const found = await until(
        () => stripe.disputes.list({ payment_intent: paid.id }),
        (list) => list.data.length > 0,
    );
    return [paid, found.data[0]];
};

test("A dispute takes the money, and evidence wins it back", { skip }, async () => {
    const [paid, opened] = await disputed("pm_card_createDispute");
    seen.record("Dispute", opened);
    assert.deepEqual([opened.status, opened.reason, opened.amount], ["needs_response", "fraudulent", 2000]);
    assert.deepEqual([opened.balance_transactions[0].amount, opened.balance_transactions[0].fee], [-2000, 1500]);
    assert.equal((await stripe.charges.retrieve(paid.latest_charge)).disputed, true);
    assert.equal((await refusal(stripe.refunds.create({ payment_intent: paid.id }))).code, "charge_disputed");

    const draft = seen.record("Dispute", await stripe.disputes.update(opened.id, { evidence: { customer_name: "Ada" }, submit: false }));
    assert.deepEqual([draft.status, draft.evidence.customer_name], ["needs_response", "Ada"]);
    const sent = seen.record("Dispute", await stripe.disputes.update(opened.id, { evidence: { uncategorized_text: "winning_evidence" } }));
    assert.deepEqual([sent.status, sent.evidence_details.submission_count], ["under_review", 1]);
    const won = seen.record("Dispute", await until(() => stripe.disputes.retrieve(opened.id), (it) => it.status !== "under_review"));
    assert.equal(won.status, "won");
    assert.deepEqual(won.balance_transactions.map((line) => line.amount), [-2000, 2000]);
    assert.equal((await refusal(stripe.disputes.close(opened.id))).code, "dispute_already_responded");
});

test("A dispute is lost by bad evidence, and by giving in", { skip }, async () => {
    const [, first] = await disputed("pm_card_createDisputeProductNotReceived");
    assert.equal(first.reason, "product_not_received");
    await stripe.disputes.update(first.id, { evidence: { uncategorized_text: "losing_evidence" } });
    const [, second] = await disputed("pm_card_createDispute");
    seen.record("Dispute", await stripe.disputes.close(second.id));
    for (const { id } of [first, second]) {
        const lost = await until(() => stripe.disputes.retrieve(id), (it) => it.status === "lost");
        assert.equal(lost.balance_transactions.length, 1);
    }
});

test("An inquiry moves no money", { skip }, async () => {
    const [, inquiry] = await disputed("pm_card_createDisputeInquiry");
    assert.deepEqual([inquiry.status, inquiry.balance_transactions.length, inquiry.is_charge_refundable], ["warning_needs_response", 0, true]);
});

test("A refund takes its time, another comes back", { skip }, async () => {
    const slow = await stripe.paymentIntents.create(sale({ payment_method: "pm_card_pendingRefund" }));
    const pending = seen.record("Refund", await stripe.refunds.create({ payment_intent: slow.id }));
    await until(() => stripe.refunds.retrieve(pending.id), (it) => it.status === "succeeded");

    const lost = await stripe.paymentIntents.create(sale({ payment_method: "pm_card_refundFail" }));
    const refund = await stripe.refunds.create({ payment_intent: lost.id });
    const failed = seen.record("Refund", await until(() => stripe.refunds.retrieve(refund.id), (it) => it.status === "failed"));
    assert.equal(failed.failure_reason, "expired_or_canceled_card");
    assert.equal((await stripe.charges.retrieve(lost.latest_charge)).amount_refunded, 0);
});

test("What is available is paid out, and no more", { skip }, async () => {
    await stripe.paymentIntents.create(sale({ payment_method: "pm_card_bypassPending", currency: "sek", amount: 5000 }));
    const balance = await stripe.balance.retrieve();
    const available = balance.available.find((each) => each.currency === "sek").amount;
    assert.equal(available, 5000 - 175);
    const payout = seen.record("Payout", await stripe.payouts.create({ amount: 4000, currency: "sek", metadata: { week: "47" } }));
    assert.deepEqual([payout.status, payout.amount], ["pending", 4000]);
    const line = seen.record("BalanceTransaction", await stripe.balanceTransactions.retrieve(payout.balance_transaction, { expand: ["source"] }).then((it) => ({ ...it, source: it.source.id })));
    assert.deepEqual([line.amount, line.type, line.source], [-4000, "payout", payout.id]);
    assert.equal((await refusal(stripe.payouts.create({ amount: 900, currency: "sek" }))).code, "balance_insufficient");
    seen.record("ApiList<Stripe.Payout>", await stripe.payouts.list());
});
