const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto" });
const date = new Intl.DateTimeFormat(document.documentElement.lang || "en", { dateStyle: "medium" });
const precise = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  dateStyle: "medium",
  timeStyle: "medium",
});
const shown = new Set<TimeAgo>();
const RefreshMs = 10_000;
const LongestAgoSeconds = 7 * 86_400;

/** `<time-ago><time datetime="2026-01-02T03:04:05Z">…</time></time-ago>`: "3 minutes ago", kept fresh; a date after a week. */
class TimeAgo extends HTMLElement {
  connectedCallback(): void {
    shown.add(this);
    this.refresh(Date.now());
  }

  disconnectedCallback(): void {
    shown.delete(this);
  }

  refresh(now: number): void {
    const time = this.querySelector("time");
    const at = Date.parse(time?.dateTime ?? "");
    if (!time || Number.isNaN(at)) return;
    time.title = precise.format(at);
    const text = describe(at, now);
    if (time.textContent !== text) time.textContent = text;
  }
}

function describe(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  if (Math.abs(seconds) > LongestAgoSeconds) return date.format(at);
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 0];
  return size ? relative.format(Math.trunc(seconds / size), unit) : "just now";
}

setInterval(() => {
  const now = Date.now();
  for (const each of shown) each.refresh(now);
}, RefreshMs);

customElements.define("time-ago", TimeAgo);
