// Customers and their payment methods, from a merchant's side.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import Stripe from "stripe";
import { connect, missing } from "./client.mjs";
import { shapes } from "./shapes.mjs";

const skip = missing;
const stripe = connect();
const seen = shapes();
const customer = (it) => seen.record("Customer", it);
const method = (it) => seen.record("PaymentMethod", it);
const ids = (list) => list.data.map((each) => each.id);

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

test("A customer is made, found, changed and deleted", { skip }, async () => {
    const made = customer(
        await stripe.customers.create({
            name: "Ada Keller",
            email: "ada@example.com",
            phone: "+49 30 1234",
            description: "first",
            address: { line1: "Lindenstrasse 7", city: "Berlin", postal_code: "10115", country: "DE" },
            shipping: { name: "Bob", phone: "1", address: { line1: "Via 1", city: "Roma", country: "IT" } },
            metadata: { order: "17" },
            preferred_locales: ["de"],
            tax_exempt: "none",
        }),
    );
    assert.deepEqual([made.name, made.address.city, made.shipping.name, made.metadata.order], ["Ada Keller", "Berlin", "Bob", "17"]);
    assert.equal(customer(await stripe.customers.retrieve(made.id)).email, "ada@example.com");

    const changed = customer(await stripe.customers.update(made.id, { name: "", shipping: "", metadata: { order: "", ticket: "9" } }));
    assert.deepEqual([changed.name, changed.shipping, changed.metadata], [null, null, { ticket: "9" }]);

    const gone = seen.record("DeletedCustomer", await stripe.customers.del(made.id));
    assert.deepEqual({ ...gone }, { id: made.id, object: "customer", deleted: true });
    assert.equal(seen.record("DeletedCustomer", await stripe.customers.retrieve(made.id)).deleted, true);
    assert.equal((await refusal(stripe.customers.update(made.id, { name: "x" }))).statusCode, 404);
});

test("Customers are listed by page and by address", { skip }, async () => {
    const email = `${randomUUID()}@example.com`;
    const made = [];
    for (let i = 0; i < 5; i++) made.unshift((await stripe.customers.create({ email })).id);
    await stripe.customers.del(made[4]);
    const list = seen.record("ApiList<Stripe.Customer>", await stripe.customers.list({ email, limit: 2 }));
    assert.deepEqual([ids(list), list.has_more], [made.slice(0, 2), true]);
    assert.deepEqual(ids(await stripe.customers.list({ email, starting_after: made[1] })), made.slice(2, 4));
    const all = [];
    for await (const each of stripe.customers.list({ limit: 2, created: { gte: list.data[1].created - 60 } })) all.push(each.id);
    assert.deepEqual(
        all.filter((id) => made.includes(id)),
        made.slice(0, 4),
    );
});

test("A customer's methods are attached, listed, preferred and taken off", { skip }, async () => {
    const ada = customer(
        await stripe.customers.create({
            payment_method: "pm_card_visa",
            invoice_settings: { default_payment_method: "pm_card_visa" },
            expand: ["invoice_settings.default_payment_method"],
        }),
    );
    const first = ada.invoice_settings.default_payment_method;
    assert.deepEqual([first.customer, first.card.last4], [ada.id, "4242"]);

    const second = method(await stripe.paymentMethods.attach("pm_card_mastercard", { customer: ada.id, expand: ["customer"] }));
    assert.deepEqual([second.customer.id, second.card.brand], [ada.id, "mastercard"]);
    const listed = seen.record("ApiList<Stripe.PaymentMethod>", await stripe.customers.listPaymentMethods(ada.id, { type: "card" }));
    assert.deepEqual(ids(listed), [second.id, first.id]);
    assert.deepEqual(ids(await stripe.paymentMethods.list({ customer: ada.id })), [second.id, first.id]);
    assert.equal(method(await stripe.customers.retrievePaymentMethod(ada.id, first.id)).id, first.id);

    const changed = method(
        await stripe.paymentMethods.update(first.id, {
            billing_details: { name: "Ada", email: "ada@example.com", address: { city: "Berlin" } },
            card: { exp_month: 4, exp_year: 2040 },
            metadata: { a: "b" },
            allow_redisplay: "always",
        }),
    );
    assert.deepEqual([changed.billing_details.name, changed.card.exp_month, changed.card.exp_year], ["Ada", 4, 2040]);

    const off = method(await stripe.paymentMethods.detach(first.id));
    assert.equal(off.customer, null);
    assert.equal((await stripe.customers.retrieve(ada.id)).invoice_settings.default_payment_method, null);
    assert.equal((await refusal(stripe.paymentMethods.attach(first.id, { customer: ada.id }))).type, "StripeInvalidRequestError");

    await stripe.customers.del(ada.id);
    assert.equal((await stripe.paymentMethods.retrieve(second.id)).customer, null);
});

test("A kept card is charged without its customer", { skip }, async () => {
    const ada = await stripe.customers.create({ payment_method: "pm_card_visa" });
    const [kept] = (await stripe.customers.listPaymentMethods(ada.id)).data;
    const paid = await stripe.paymentIntents.create({
        amount: 1200,
        currency: "eur",
        customer: ada.id,
        payment_method: kept.id,
        off_session: true,
        confirm: true,
        expand: ["customer", "payment_method", "latest_charge.customer"],
    });
    assert.deepEqual([paid.status, paid.customer.id, paid.payment_method.id], ["succeeded", ada.id, kept.id]);
    assert.equal(paid.latest_charge.customer.object, "customer");
    seen.record("PaymentIntent", paid);
    assert.equal((await stripe.paymentIntents.list({ customer: ada.id })).data[0].id, paid.id);

    const bob = await stripe.customers.create();
    const error = await refusal(stripe.paymentIntents.create({ amount: 1200, currency: "eur", customer: bob.id, payment_method: kept.id, confirm: true }));
    assert.equal(error.param, "payment_method");
});

test("A method is made of a token", { skip }, async () => {
    const token = await stripe.tokens.create({ card: { number: "4242424242424242", exp_month: "12", exp_year: "2040", cvc: "123", name: "Ada" } });
    const made = method(await stripe.paymentMethods.create({ type: "card", card: { token: token.id }, metadata: { a: "b" } }));
    assert.deepEqual([made.card.last4, made.billing_details.name, made.customer], ["4242", "Ada", null]);
    assert.equal(method(await stripe.paymentMethods.retrieve(made.id)).metadata.a, "b");
    assert.equal((await refusal(stripe.paymentMethods.create({ type: "card", card: { token: token.id } }))).code, "token_already_used");

    const number = await refusal(stripe.paymentMethods.create({ type: "card", card: { number: "4242424242424242", exp_month: 12, exp_year: 2040 } }));
    assert.equal(number.param, "card[number]");
    assert.ok(!JSON.stringify(number).includes("4242424242424242"));
});

test("Endpoints of merchants hear what becomes of customers", { skip }, async () => {
    const ada = await stripe.customers.create({ name: "Ada" });
    await stripe.paymentMethods.attach("pm_card_visa", { customer: ada.id });
    await stripe.customers.update(ada.id, { name: "Bea" });
    await stripe.customers.del(ada.id);
    const types = ["customer.created", "customer.updated", "customer.deleted", "payment_method.attached", "payment_method.detached"];
    const events = seen.record("ApiList<Stripe.Event>", await stripe.events.list({ types, limit: 100 }));
    const about = events.data.filter(({ data: { object } }) => object.id === ada.id).map((event) => event.type);
    assert.deepEqual(about, ["customer.deleted", "customer.updated", "customer.created"]);
});
