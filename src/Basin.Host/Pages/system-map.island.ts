import { element, svg } from "../Islands/dom";
import { LiveStream } from "../Islands/live";
import { layOut } from "../Islands/map-layout";
import { formatRate, RateChart } from "../Islands/rate-chart";

interface SystemPulse {
  name: string;
  ratePerSecond: number;
  p50Ms: number;
  p99Ms: number;
  queue: number;
  lag: number;
  parked: number;
  state: string;
}

interface FlowPulse {
  from: string;
  to: string;
  ratePerSecond: number;
}

interface Pulse {
  at: string;
  systems: SystemPulse[];
  flows: FlowPulse[];
}

const SparkPoints = 60;

/**
 * `<system-map src="/console/pulse" link="/console/systems/{name}">`: systems as nodes, what flows between them as
 * moving lines, the rates of the last five minutes below, and the sums above kept up to date. Pulses older than now are taken as history.
 */
class SystemMap extends HTMLElement {
  readonly #nodes = new Map<string, MapNode>();
  readonly #flows = element("div", { class: "map-flows", "aria-hidden": "true" });
  readonly #list = element("ul", { class: "map-nodes" });
  readonly #canvas = element("div", { class: "map-canvas" }, this.#flows, this.#list);
  readonly #chartHost = element("div", { class: "map-chart" });
  #edges: SVGPathElement[] = [];
  #shape = "";
  #pulse: Pulse | undefined;
  #chart: RateChart | undefined;
  #stream: LiveStream | undefined;
  #resize: ResizeObserver | undefined;
  #frame = 0;

  connectedCallback(): void {
    const source = this.getAttribute("src");
    if (!source) return;
    this.#stream = new LiveStream(source, {
      onStatus: (status) => (this.dataset["live"] = status),
      on: { pulse: (pulse: Pulse) => this.#receive(pulse) },
    });
  }

  disconnectedCallback(): void {
    this.#stream?.close();
    this.#chart?.destroy();
    this.#resize?.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  #receive(pulse: Pulse): void {
    if (!this.#chart) this.#takeOver();
    this.#pulse = pulse;
    this.#chart?.add(
      Date.parse(pulse.at) / 1000,
      new Map(pulse.systems.map((each) => [each.name, each.ratePerSecond])),
    );
    for (const system of pulse.systems) this.#node(system.name).add(system);
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  /** What the server rendered stays until the first pulse. */
  #takeOver(): void {
    this.replaceChildren(
      this.#canvas,
      element("h2", { class: "map-caption" }, "Requests and events per second"),
      this.#chartHost,
    );
    this.#chart = new RateChart(this.#chartHost);
    this.#resize = new ResizeObserver(() => this.#place());
    this.#resize.observe(this.#canvas);
  }

  #node(name: string): MapNode {
    let node = this.#nodes.get(name);
    if (!node) {
      node = new MapNode(name, this.getAttribute("link")?.replace("{name}", encodeURIComponent(name)));
      this.#nodes.set(name, node);
      this.#list.append(node.item);
    }
    return node;
  }

  #render(): void {
    this.#frame = 0;
    const pulse = this.#pulse;
    if (!pulse) return;
    const shape = JSON.stringify([
      pulse.systems.map((each) => each.name),
      pulse.flows.map((each) => [each.from, each.to]),
    ]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#forgetMissing(pulse);
      this.#place();
    }
    for (const node of this.#nodes.values()) node.render();
    pulse.flows.forEach((flow, index) => showRate(this.#edges[index], flow.ratePerSecond));
    showSums(pulse.systems);
    this.#chart?.render();
  }

  #forgetMissing(pulse: Pulse): void {
    const present = new Set(pulse.systems.map((each) => each.name));
    for (const [name, node] of this.#nodes) {
      if (present.has(name)) continue;
      node.item.remove();
      this.#nodes.delete(name);
    }
  }

  #place(): void {
    const pulse = this.#pulse;
    const width = this.#canvas.clientWidth;
    if (!pulse || width === 0) return;
    const layout = layOut(
      pulse.systems.map((each) => each.name),
      pulse.flows,
      width,
    );
    this.#list.style.height = `${layout.height}px`;
    this.#list.classList.toggle("compact", layout.compact);
    for (const [name, box] of layout.boxes) {
      const style = this.#node(name).item.style;
      style.translate = `${box.x}px ${box.y}px`;
      style.width = `${box.width}px`;
      style.height = `${box.height}px`;
    }
    this.#drawFlows(layout.paths, width, layout.height);
  }

  #drawFlows(paths: string[], width: number, height: number): void {
    this.#edges = paths.map((path) => svg("path", { class: "flow-pulse", d: path }));
    const lines = paths.map((path) => svg("path", { class: "flow", d: path }));
    this.#flows.replaceChildren(
      svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` }, ...lines, ...this.#edges),
    );
    this.#pulse?.flows.forEach((flow, index) => showRate(this.#edges[index], flow.ratePerSecond));
  }
}

/** The numbers above the map, each marked with what it sums: `data-sum="lag"`. */
function showSums(systems: SystemPulse[]): void {
  for (const what of ["ratePerSecond", "queue", "lag", "parked"] as const) {
    const shown = document.querySelector(`[data-sum="${what}"]`);
    if (shown) shown.textContent = formatRate(systems.reduce((sum, system) => sum + system[what], 0));
  }
}

/** Steps of speed rather than a speed per rate: an animation whose duration changes each second would jump. */
function showRate(path: SVGPathElement | undefined, rate: number): void {
  if (!path) return;
  const speed = rate <= 0 ? 0 : Math.min(4, Math.max(1, Math.ceil(Math.log10(rate + 1)) + 1));
  path.dataset["speed"] = String(speed);
}

class MapNode {
  readonly item: HTMLLIElement;
  readonly #rate = element("span", { class: "map-rate" });
  readonly #detail = element("span", { class: "map-detail" });
  readonly #line = svg("polyline", { fill: "none", "vector-effect": "non-scaling-stroke" });
  readonly #history: number[] = [];
  #latest: SystemPulse | undefined;

  constructor(name: string, href: string | undefined) {
    const spark = svg(
      "svg",
      { class: "map-spark", viewBox: `0 0 ${SparkPoints} 20`, preserveAspectRatio: "none", "aria-hidden": "true" },
      this.#line,
    );
    const parts = [element("span", { class: "map-name" }, name), this.#rate, spark, this.#detail];
    this.item = element(
      "li",
      { class: "map-node" },
      href ? element("a", { href }, ...parts) : element("div", {}, ...parts),
    );
  }

  add(system: SystemPulse): void {
    this.#latest = system;
    this.#history.push(system.ratePerSecond);
    if (this.#history.length > SparkPoints) this.#history.shift();
  }

  render(): void {
    const system = this.#latest;
    if (!system) return;
    this.item.dataset["state"] = system.state;
    this.#rate.textContent = `${formatRate(system.ratePerSecond)}/s`;
    this.#detail.textContent = detail(system);
    this.#detail.classList.toggle("attention", system.parked > 0);
    const least = Math.min(...this.#history) * 0.8;
    const range = Math.max(1, Math.max(...this.#history) - least);
    const offset = SparkPoints - this.#history.length;
    const points = this.#history.map(
      (rate, index) => `${offset + index},${(19 - ((rate - least) / range) * 18).toFixed(1)}`,
    );
    this.#line.setAttribute("points", points.join(" "));
  }
}

/** What is parked hides all else; otherwise the 99th percentile and what waits. */
function detail(system: SystemPulse): string {
  if (system.parked > 0) return `${system.parked} parked`;
  const latency = `p99 ${system.p99Ms < 10 ? system.p99Ms.toFixed(1) : Math.round(system.p99Ms)} ms`;
  if (system.lag > 0) return `${latency} · lag ${formatRate(system.lag)}`;
  return system.queue > 0 ? `${latency} · queue ${formatRate(system.queue)}` : latency;
}

customElements.define("system-map", SystemMap);
