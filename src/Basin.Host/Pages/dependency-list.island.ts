import { timeAgo } from "../Islands/dom";
import { LiveStream } from "../Islands/live";

interface CallCounts {
  calls: number;
  failures: number;
  refusals: number;
}

interface Dependency {
  name: string;
  state: string;
  detail?: string;
  since: string;
  inFlight?: number;
  waiting?: number;
  lastMinute?: CallCounts;
}

/** `<dependency-list src="/console/dependencies/live">`: keeps up to date what changes of the dependencies that the server has rendered inside. */
class DependencyList extends HTMLElement {
  readonly #shown = new Map<string, DependencyCard>();
  #stream: LiveStream | undefined;

  connectedCallback(): void {
    const source = this.getAttribute("src");
    if (!source) return;
    for (const item of this.querySelectorAll<HTMLElement>("[data-name]")) {
      this.#shown.set(item.dataset["name"]!, new DependencyCard(item));
    }
    this.#stream = new LiveStream(source, {
      onStatus: (status) => (this.dataset["live"] = status),
      on: {
        dependencies: (list: { data: Dependency[] }) => {
          for (const each of list.data) this.#shown.get(each.name)?.show(each);
        },
      },
    });
  }

  disconnectedCallback(): void {
    this.#stream?.close();
  }
}

class DependencyCard {
  readonly #item: HTMLElement;
  #since = "";

  constructor(item: HTMLElement) {
    this.#item = item;
  }

  show(dependency: Dependency): void {
    this.#write("state", dependency.state);
    this.#field("state")?.setAttribute("data-state", dependency.state);
    this.#write("detail", dependency.detail ?? "");
    this.#field("detail")?.toggleAttribute("hidden", !dependency.detail);
    this.#write("inFlight", dependency.inFlight);
    this.#write("waiting", dependency.waiting);
    this.#write("calls", dependency.lastMinute?.calls);
    this.#write("failures", dependency.lastMinute?.failures);
    this.#write("refusals", dependency.lastMinute?.refusals);
    if (this.#since === dependency.since) return;
    this.#since = dependency.since;
    this.#field("since")?.replaceChildren(timeAgo(dependency.since));
  }

  #field(name: string): Element | null {
    return this.#item.querySelector(`[data-field="${name}"]`);
  }

  #write(name: string, value: string | number | undefined): void {
    const field = this.#field(name);
    const text = String(value ?? "");
    if (field && field.textContent !== text) field.textContent = text;
  }
}

customElements.define("dependency-list", DependencyList);
