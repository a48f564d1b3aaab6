import { createParser } from "eventsource-parser";

/** `live` while events can arrive, `waiting` between attempts, `closed` when the server or the page ended it. */
export type LiveStatus = "live" | "waiting" | "closed";

export interface LiveOptions {
  /** Handlers by event name; each gets the event's data, parsed from JSON. */
  on: Record<string, (data: never) => void>;
  /** The last event that the page already shows; the server goes on after it. */
  lastEventId?: string | undefined;
  onStatus?: (status: LiveStatus) => void;
}

const FirstDelayMs = 1_000;
const LongestDelayMs = 30_000;
const HiddenGraceMs = 20_000;

/**
 * Server-sent events with what EventSource leaves out: it goes on after an HTTP error, waits longer after each failure,
 * and lets go of its connection while the page is hidden, because a browser opens only six per host over HTTP/1.1.
 * Resumes with Last-Event-ID. An answer of 204 or 4xx other than 408 and 429 ends it, as asking again would not help.
 */
export class LiveStream {
  readonly #url: string;
  readonly #options: LiveOptions;
  #lastEventId: string;
  #delayMs = FirstDelayMs;
  #failures = 0;
  #closed = false;
  #connection: AbortController | undefined;
  #timer: number | undefined;

  constructor(url: string, options: LiveOptions) {
    this.#url = url;
    this.#options = options;
    this.#lastEventId = options.lastEventId ?? "";
    document.addEventListener("visibilitychange", this.#onVisibility);
    addEventListener("pagehide", this.#disconnect);
    addEventListener("pageshow", this.#onVisibility);
    this.#onVisibility();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    document.removeEventListener("visibilitychange", this.#onVisibility);
    removeEventListener("pagehide", this.#disconnect);
    removeEventListener("pageshow", this.#onVisibility);
    this.#disconnect();
    this.#options.onStatus?.("closed");
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#closed || this.#connection) return;
    const connection = (this.#connection = new AbortController());
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.#lastEventId) headers["Last-Event-ID"] = this.#lastEventId;
      const response = await fetch(this.#url, { headers, cache: "no-store", signal: connection.signal });
      if (isFinal(response.status)) return this.close();
      if (response.ok && response.body) await this.#read(response.body);
    } catch {
      // A lost connection and one that was let go both end here; below decides which it was.
    }
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#retry();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    this.#options.onStatus?.("live");
    const parser = createParser({
      onRetry: (ms) => (this.#delayMs = Math.min(ms, LongestDelayMs)),
      onComment: () => (this.#failures = 0),
      onEvent: ({ event, data, id }) => {
        this.#failures = 0;
        if (id !== undefined) this.#lastEventId = id;
        this.#options.on[event ?? "message"]?.(JSON.parse(data) as never);
      },
    });
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parser.feed(decoder.decode(part.value, { stream: true }));
    }
  }

  #retry(): void {
    if (this.#closed) return;
    this.#options.onStatus?.("waiting");
    if (document.visibilityState === "hidden") return;
    clearTimeout(this.#timer);
    const ceiling = Math.min(this.#delayMs * 2 ** this.#failures++, LongestDelayMs);
    this.#timer = setTimeout(() => void this.#connect(), ceiling * (0.5 + Math.random() / 2));
  }

  readonly #disconnect = (): void => {
    clearTimeout(this.#timer);
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.abort();
  };

  readonly #onVisibility = (): void => {
    clearTimeout(this.#timer);
    if (document.visibilityState === "hidden") this.#timer = setTimeout(this.#disconnect, HiddenGraceMs);
    else void this.#connect();
  };
}

function isFinal(status: number): boolean {
  return status === 204 || (status >= 400 && status < 500 && status !== 408 && status !== 429);
}
