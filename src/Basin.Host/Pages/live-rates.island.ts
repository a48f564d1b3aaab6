import { element } from "../Islands/dom";
import { LiveStream } from "../Islands/live";
import { RateChart } from "../Islands/rate-chart";

/** How often things have happened until then: those in the chart, eight at most, and those that the page shows as numbers. */
interface Totals {
  at: string;
  charted: Record<string, number>;
  shown: Record<string, number>;
}

/**
 * `<live-rates src="…">`: how often things happen per second, over the last five minutes, from events `totals`. Elements of the page with
 * `data-total="…"` show the total of that name.
 */
class LiveRates extends HTMLElement {
  #chart: RateChart | undefined;
  #stream: LiveStream | undefined;
  #before: Totals | undefined;

  connectedCallback(): void {
    const source = this.getAttribute("src");
    if (!source) return;
    const host = element("div", { class: "map-chart" });
    this.replaceChildren(host);
    this.#chart = new RateChart(host);
    this.#stream = new LiveStream(source, {
      onStatus: (status) => (this.dataset["live"] = status),
      on: { totals: (totals: Totals) => this.#receive(totals) },
    });
  }

  disconnectedCallback(): void {
    this.#stream?.close();
    this.#chart?.destroy();
  }

  #receive(now: Totals): void {
    for (const shown of document.querySelectorAll<HTMLElement>("[data-total]"))
      shown.textContent = (now.shown[shown.dataset["total"]!] ?? 0).toLocaleString("en");
    const before = this.#before;
    this.#before = now;
    if (!before) return;
    const seconds = (Date.parse(now.at) - Date.parse(before.at)) / 1000;
    if (seconds <= 0) return;
    const rates = Object.entries(now.charted).map(
      ([name, total]) => [name, Math.max(0, total - (before.charted[name] ?? 0)) / seconds] as const,
    );
    this.#chart?.add(Date.parse(now.at) / 1000, new Map(rates));
    this.#chart?.render();
  }
}

customElements.define("live-rates", LiveRates);
