import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { onThemeChange } from "./dom";

const WindowSeconds = 300;
const Colours = 8;

/** Rates per second of up to eight names over the last five minutes, in the colours `--chart-1` to `--chart-8`. */
export class RateChart {
  readonly #host: HTMLElement;
  readonly #listeners = new AbortController();
  readonly #resize: ResizeObserver;
  #times: number[] = [];
  #rates = new Map<string, (number | null)[]>();
  #shown: string[] = [];
  #plot: uPlot | undefined;

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#resize = new ResizeObserver(() => this.#plot?.setSize(this.#size()));
    this.#resize.observe(host);
    onThemeChange(() => this.#rebuild(), this.#listeners.signal);
  }

  add(seconds: number, rates: Map<string, number>): void {
    if (seconds <= (this.#times.at(-1) ?? 0)) return;
    for (const name of rates.keys()) {
      if (!this.#rates.has(name))
        this.#rates.set(
          name,
          this.#times.map(() => null),
        );
    }
    this.#times.push(seconds);
    for (const [name, values] of this.#rates) values.push(rates.get(name) ?? null);
    while (this.#times[0]! < seconds - WindowSeconds) {
      this.#times.shift();
      for (const values of this.#rates.values()) values.shift();
    }
  }

  render(): void {
    const busiest = this.#busiest();
    if (!this.#plot || busiest.length !== this.#shown.length || this.#times.length % 60 === 0) {
      if (busiest.join() !== this.#shown.join() || !this.#plot) {
        this.#shown = busiest;
        return this.#rebuild();
      }
    }
    this.#plot.setData(this.#data());
    this.#showLatest();
  }

  destroy(): void {
    this.#listeners.abort();
    this.#resize.disconnect();
    this.#plot?.destroy();
  }

  /** Eight at most, by mean rate, listed in their order of appearance so that colours stay. */
  #busiest(): string[] {
    const mean = (name: string) => this.#rates.get(name)!.reduce<number>((sum, rate) => sum + (rate ?? 0), 0);
    const names = [...this.#rates.keys()];
    if (names.length <= Colours) return names;
    const kept = new Set(names.toSorted((a, b) => mean(b) - mean(a)).slice(0, Colours));
    return names.filter((name) => kept.has(name));
  }

  #data(): uPlot.AlignedData {
    return [this.#times, ...this.#shown.map((name) => this.#rates.get(name)!)];
  }

  #rebuild(): void {
    if (this.#shown.length === 0) return;
    this.#plot?.destroy();
    const colour = colourReader(this.#host);
    const line = colour("--line");
    const axis: uPlot.Axis = {
      stroke: colour("--text-muted"),
      font: "12px system-ui",
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
    };
    this.#plot = new uPlot(
      {
        ...this.#size(),
        scales: {
          x: { range: (_, __, last) => [last - WindowSeconds, last] },
          y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            space: 70,
            incrs: [60, 120, 300],
            values: (_, splits) => splits.map((each) => clock(each, false)),
          },
          { ...axis, size: 56, space: 40, values: (_, splits) => splits.map((each) => formatRate(each)) },
        ],
        series: [
          { label: "Time", value: (_, seconds) => (seconds === null ? "" : clock(seconds, true)) },
          ...this.#shown.map((name, index) => ({
            label: name,
            stroke: colour(`--chart-${(index % Colours) + 1}`),
            width: 1.5,
            points: { show: false },
            value: (_: uPlot, rate: number | null) => (rate === null ? "" : `${formatRate(rate)}/s`),
          })),
        ],
        cursor: { points: { size: 6 }, drag: { x: false, y: false } },
      },
      this.#data(),
      this.#host,
    );
    this.#showLatest();
  }

  /** The legend follows the pointer; without one it shows the newest rates. */
  #showLatest(): void {
    if (this.#plot && this.#plot.cursor.idx == null) this.#plot.setLegend({ idx: this.#times.length - 1 });
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(200, this.#host.clientWidth), height: 240 };
  }
}

export function formatRate(rate: number): string {
  if (rate >= 10_000) return `${(rate / 1000).toFixed(rate >= 100_000 ? 0 : 1)}k`;
  if (rate >= 100 || Number.isInteger(rate)) return Math.round(rate).toLocaleString("en");
  return rate.toFixed(1);
}

/** Colours may be written with light-dark(), which only the style of an element resolves. */
function colourReader(host: HTMLElement): (token: string) => string {
  return (token) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${token})`;
    host.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };
}

function clock(seconds: number, precise: boolean): string {
  const options: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hour12: false };
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", precise ? { ...options, second: "2-digit" } : options);
}
