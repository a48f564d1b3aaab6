import { timeAgo } from "../Islands/dom";
import { LiveStream } from "../Islands/live";
import { formatRate, RateChart } from "../Islands/rate-chart";

interface ClassLoad {
  class: string;
  servedPerSecond: number;
  refusedPerSecond: number;
  waiting: number;
  served: number;
  refused: number;
}

interface ModeReport {
  name: string;
  isOn: boolean;
  since?: string;
  times: number;
}

interface LoadReport {
  at: string;
  level: number;
  limit: number;
  inFlight: number;
  waiting: number;
  staying: number;
  queueMs: number;
  classes: ClassLoad[];
  modes: ModeReport[];
}

/** `<load-board src="/console/load/live">`: keeps the numbers that the server rendered up to date, and draws their last minutes. */
class LoadBoard extends HTMLElement {
  #chart: RateChart | undefined;
  #stream: LiveStream | undefined;
  #report: LoadReport | undefined;
  #frame = 0;

  connectedCallback(): void {
    const source = this.getAttribute("src");
    const host = this.querySelector<HTMLElement>("[data-chart]");
    if (!source || !host) return;
    this.#chart = new RateChart(host);
    this.#stream = new LiveStream(source, {
      onStatus: (status) => (this.dataset["live"] = status),
      on: { load: (report: LoadReport) => this.#receive(report) },
    });
  }

  disconnectedCallback(): void {
    this.#stream?.close();
    this.#chart?.destroy();
    cancelAnimationFrame(this.#frame);
  }

  #receive(report: LoadReport): void {
    this.#report = report;
    const rates = new Map<string, number>();
    for (const each of report.classes) {
      rates.set(each.class, each.servedPerSecond);
      rates.set(`${each.class} refused`, each.refusedPerSecond);
    }
    this.#chart?.add(Date.parse(report.at) / 1000, rates);
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  #render(): void {
    this.#frame = 0;
    const report = this.#report;
    if (!report) return;
    show(this.querySelector(".stats"), {
      level: `${Math.round(report.level * 100)} %`,
      inFlight: formatRate(report.inFlight),
      limit: formatRate(report.limit),
      waiting: formatRate(report.waiting),
      staying: formatRate(report.staying),
      queueMs: `${report.queueMs} ms`,
    });
    for (const each of report.classes) {
      show(this.querySelector(`[data-class="${each.class}"]`), {
        servedPerSecond: formatRate(each.servedPerSecond),
        refusedPerSecond: formatRate(each.refusedPerSecond),
        waiting: formatRate(each.waiting),
        served: each.served.toLocaleString("en"),
        refused: each.refused.toLocaleString("en"),
      });
    }
    for (const mode of report.modes) showMode(this.querySelector(`[data-mode="${mode.name}"]`), mode);
    this.#chart?.render();
  }
}

function show(within: Element | null, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) {
    const target = within?.querySelector(`[data-value="${name}"]`);
    if (target && target.textContent !== value) target.textContent = value;
  }
}

function showMode(row: Element | null, mode: ModeReport): void {
  const badge = row?.querySelector<HTMLElement>(".badge");
  if (!row || !badge) return;
  badge.dataset["state"] = mode.isOn ? "degraded" : "ok";
  badge.textContent = mode.isOn ? "on" : "off";
  show(row, { times: String(mode.times) });
  const since = row.querySelector("[data-value=since]");
  if (mode.since && since?.querySelector("time")?.dateTime !== mode.since) since?.replaceChildren(timeAgo(mode.since));
}

customElements.define("load-board", LoadBoard);
