// What a customer does in a browser where their bank wants a proof.
import assert from "node:assert/strict";

/** Answers the page of the sandbox on which a customer proves who they are; returns where it leads back to. */
export async function prove(url, answer) {
    const page = await fetch(url);
    const html = await page.text();
    const token = /name="__RequestVerificationToken" value="([^"]+)"/.exec(html)[1];
    const cookie = page.headers.getSetCookie().map((each) => each.split(";")[0]).join("; ");
    const body = new URLSearchParams({ __RequestVerificationToken: token, _handler: "proof", answer });
    const back = await fetch(url, { method: "POST", body, headers: { cookie }, redirect: "manual" });
    assert.equal(back.status, 302);
    return back.headers.get("location");
}
