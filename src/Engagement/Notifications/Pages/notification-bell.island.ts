import { element, localPath, timeAgo } from "../../../Basin.Host/Islands/dom";
import { LiveStream } from "../../../Basin.Host/Islands/live";

interface Notification {
  id: string;
  title: string;
  body: string;
  href: string;
  at: string;
  unread: number;
}

const MostShown = 20;

/**
 * `<notification-bell src="…">` around a link `.icon-button` with a `.count`, and a `.panel` with a `.notification-list`.
 * The link to the inbox becomes a button that opens the panel; each event `notification` adds to both.
 */
class NotificationBell extends HTMLElement {
  #stream: LiveStream | undefined;
  #listeners: AbortController | undefined;
  #button: HTMLButtonElement | undefined;

  connectedCallback(): void {
    const link = this.querySelector<HTMLElement>(":scope > .icon-button");
    const source = this.getAttribute("src");
    if (!link || !source || !this.#panel) return;
    this.#button = this.#makeButton(link);
    this.#listenForDismissal();
    const newest = this.querySelector<HTMLElement>(".notification-list > li")?.dataset["id"];
    this.#stream = new LiveStream(source, {
      lastEventId: newest,
      on: { notification: (notification: Notification) => this.#add(notification) },
    });
  }

  disconnectedCallback(): void {
    this.#stream?.close();
    this.#listeners?.abort();
  }

  get #panel(): HTMLElement | null {
    return this.querySelector<HTMLElement>(":scope > .panel");
  }

  #makeButton(link: HTMLElement): HTMLButtonElement {
    if (link instanceof HTMLButtonElement) return link;
    const label = link.getAttribute("aria-label") ?? "Notifications";
    const attributes = { type: "button", class: link.className, "aria-label": label, "aria-expanded": "false" };
    const button = element("button", attributes, ...link.childNodes);
    link.replaceWith(button);
    return button;
  }

  #listenForDismissal(): void {
    const signal = (this.#listeners = new AbortController()).signal;
    this.#button?.addEventListener("click", () => this.#open(this.#panel?.hidden === true), { signal });
    document.addEventListener("click", (event) => !event.composedPath().includes(this) && this.#open(false), {
      signal,
    });
    this.addEventListener(
      "focusout",
      (event) => {
        if (event.relatedTarget instanceof Node && !this.contains(event.relatedTarget)) this.#open(false);
      },
      { signal },
    );
    this.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape" || this.#panel?.hidden) return;
        this.#open(false);
        this.#button?.focus();
      },
      { signal },
    );
  }

  #open(open: boolean): void {
    if (this.#panel) this.#panel.hidden = !open;
    this.#button?.setAttribute("aria-expanded", String(open));
  }

  #add(notification: Notification): void {
    const list = this.querySelector(".notification-list");
    if (list && ![...list.children].some((item) => (item as HTMLElement).dataset["id"] === notification.id)) {
      list.prepend(
        element(
          "li",
          { "data-id": notification.id, class: "unread arrives" },
          element(
            "a",
            { href: localPath(notification.href) },
            element("strong", {}, notification.title),
            element("span", {}, notification.body),
            timeAgo(notification.at),
          ),
        ),
      );
      while (list.children.length > MostShown) list.lastElementChild?.remove();
      this.querySelector(":scope > .panel .empty")?.remove();
    }
    this.#count(notification.unread);
  }

  #count(unread: number): void {
    const count = this.querySelector<HTMLElement>(".count");
    if (count) {
      count.textContent = unread > 99 ? "99+" : String(unread);
      count.hidden = unread === 0;
    }
    this.#button?.setAttribute("aria-label", unread === 0 ? "Notifications" : `Notifications, ${unread} unread`);
  }
}

customElements.define("notification-bell", NotificationBell);
