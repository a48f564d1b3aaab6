import { element, timeAgo } from "../../../Basin.Host/Islands/dom";
import { LiveStream } from "../../../Basin.Host/Islands/live";

interface TimelineEntry {
  n: number;
  state: string;
  at: string;
  note?: string;
}

const steps = ["placed", "authorized", "reserved", "shipped", "delivered"];
const failures = ["declined", "cancelled"];
const headlines: Record<string, string> = {
  placed: "We have your order",
  authorized: "Payment approved",
  reserved: "Packed and ready to leave",
  shipped: "On its way to you",
  delivered: "Delivered",
  declined: "The payment was declined",
  cancelled: "This order was cancelled",
};

/**
 * `<order-tracker src="/orders/{id}/live" data-state="placed">` around `.tracker-headline`, `.steps` and `.timeline`.
 * Each event `timeline` moves the steps and adds a line; a final state ends the stream.
 */
class OrderTracker extends HTMLElement {
  #stream: LiveStream | undefined;

  connectedCallback(): void {
    const source = this.getAttribute("src");
    if (!source || isFinal(this.dataset["state"] ?? "")) return;
    this.#timeline?.setAttribute("aria-live", "polite");
    this.#stream = new LiveStream(source, {
      lastEventId: String(this.#lastShown() || ""),
      onStatus: (status) => (this.dataset["live"] = status),
      on: { timeline: (entry: TimelineEntry) => this.#apply(entry) },
    });
  }

  disconnectedCallback(): void {
    this.#stream?.close();
  }

  get #timeline(): HTMLElement | null {
    return this.querySelector(".timeline");
  }

  #apply(entry: TimelineEntry): void {
    if (entry.n <= this.#lastShown()) return;
    this.#timeline?.append(
      element(
        "li",
        { "data-n": entry.n, "data-state": entry.state, class: "arrives" },
        element("strong", {}, capitalized(entry.state)),
        timeAgo(entry.at),
        ...(entry.note ? [element("p", {}, entry.note)] : []),
      ),
    );
    if (!steps.includes(entry.state) && !failures.includes(entry.state)) return;
    this.#moveSteps(entry);
    this.dataset["state"] = entry.state;
    const headline = this.querySelector(".tracker-headline");
    if (headline) headline.textContent = headlines[entry.state] ?? capitalized(entry.state);
    if (isFinal(entry.state)) this.#stream?.close();
  }

  #moveSteps(entry: TimelineEntry): void {
    const reached = steps.indexOf(entry.state);
    const items = [...this.querySelectorAll<HTMLElement>(".steps > li")];
    const failedAt = items.findIndex((item) => item.dataset["status"] === "todo");
    items.forEach((item, index) => {
      if (reached < 0) item.dataset["status"] = index < failedAt ? "done" : index === failedAt ? "failed" : "skipped";
      else
        item.dataset["status"] =
          index < reached || entry.state === "delivered" ? "done" : index === reached ? "current" : "todo";
      item.toggleAttribute("aria-current", false);
      if (item.dataset["status"] === "current") item.setAttribute("aria-current", "step");
    });
    if (reached < 0) items[failedAt]?.querySelector(".step-mark use")?.setAttribute("href", "/icons.svg#cross");
    const when = items[reached]?.querySelector(".step-time");
    when?.replaceChildren(timeAgo(entry.at));
  }

  #lastShown(): number {
    const shown = [...this.querySelectorAll<HTMLElement>(".timeline > li")].map((item) =>
      Number(item.dataset["n"] ?? 0),
    );
    return Math.max(0, ...shown);
  }
}

function isFinal(state: string): boolean {
  return state === "delivered" || failures.includes(state);
}

function capitalized(state: string): string {
  return state.charAt(0).toUpperCase() + state.slice(1).replaceAll("_", " ");
}

customElements.define("order-tracker", OrderTracker);
