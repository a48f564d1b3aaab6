// On a phone the console's navigation is one line that scrolls: the page people are on is in sight.
document.querySelector(".console-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Each `Pages/*.island.ts` defines the custom element of its file's name, and is fetched only by pages that use it.
const modules = import.meta.glob("/src/**/Pages/*.island.ts");

const Retries = 5;
const FirstRetryMs = 500;

for (const [path, load] of Object.entries(modules)) {
  const tag = path.slice(path.lastIndexOf("/") + 1, -".island.ts".length);
  if (document.querySelector(tag)) load().catch((error: unknown) => void loadLater(tag, error));
}

/** A server that goes while a page is loading would otherwise leave it without its live parts until people reload. */
async function loadLater(tag: string, error: unknown): Promise<void> {
  for (let retry = 1; retry <= Retries; retry++) {
    console.warn(`<${tag}> did not load`, error);
    await new Promise((resolve) => setTimeout(resolve, FirstRetryMs * 2 ** (retry - 1)));
    try {
      // Most browsers remember under its address that a module did not come.
      await import(/* @vite-ignore */ `./${tag}.island.js?retry=${retry}`);
      return;
    } catch (again) {
      error = again;
    }
  }
  console.error(`<${tag}> does not load`, error);
}
