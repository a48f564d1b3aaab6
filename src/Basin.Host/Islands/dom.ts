type Attributes = Record<string, string | number | boolean | undefined>;

/** Makes an element. Text goes in as text, never as HTML; attributes that are undefined or false are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Node[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** An icon of `wwwroot/icons.svg`. */
export function icon(name: string): SVGSVGElement {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `/icons.svg#${name}` }));
}

/** A moment as `<time-ago><time>`; the text is filled by the island of that name. */
export function timeAgo(at: string): HTMLElement {
  const wrapper = document.createElement("time-ago");
  wrapper.append(element("time", { datetime: at }, new Date(at).toLocaleString()));
  return wrapper;
}

/** Links come from data; only paths of this site are followed. */
export function localPath(href: string): string {
  const url = new URL(href, location.origin);
  return url.origin === location.origin ? url.pathname + url.search + url.hash : "/";
}

/** Calls back when the colours of the page change, by the switch or by the system. */
export function onThemeChange(callback: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  signal.addEventListener("abort", () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", callback, { signal });
}

function fill<T extends Element>(target: T, attributes: Attributes, children: (Node | string)[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) target.setAttribute(name, value === true ? "" : String(value));
  }
  target.append(...children);
  return target;
}
