import { element, icon } from "../Islands/dom";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];

const icons: Record<Theme, string> = { system: "contrast", light: "sun", dark: "moon" };
const OneYearSeconds = 31_536_000;

/**
 * A button through system, light and dark. The choice is kept in the cookie `basin-theme`, so that the server
 * renders `<html data-theme>` with the page and nothing flashes.
 */
class ThemeSwitch extends HTMLElement {
  connectedCallback(): void {
    const button = element("button", { type: "button", class: "icon-button" });
    button.addEventListener("click", () => {
      choose(themes[(themes.indexOf(current()) + 1) % themes.length]!);
      this.#show(button);
    });
    this.#show(button);
    this.replaceChildren(button);
  }

  #show(button: HTMLButtonElement): void {
    const label = `Theme: ${current()}`;
    button.replaceChildren(icon(icons[current()]));
    button.setAttribute("aria-label", label);
    button.title = label;
  }
}

function current(): Theme {
  const theme = document.documentElement.dataset["theme"];
  return theme === "light" || theme === "dark" ? theme : "system";
}

function choose(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  const age = theme === "system" ? 0 : OneYearSeconds;
  document.cookie = `basin-theme=${theme}; path=/; max-age=${age}; samesite=lax`;
}

customElements.define("theme-switch", ThemeSwitch);
