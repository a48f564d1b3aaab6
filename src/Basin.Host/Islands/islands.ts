// On a phone the console's navigation is one line that scrolls: the page people are on is in sight.
document.querySelector(".console-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Each `Pages/*.island.ts` defines the custom element of its file's name, and is fetched only by pages that use it.
const modules = import.meta.glob("/src/**/Pages/*.island.ts");

const LoadAttempts = 6;
const FirstRetryMs = 500;

for (const [path, load] of Object.entries(modules)) {
  const tag = path.slice(path.lastIndexOf("/") + 1, -".island.ts".length);
  if (document.querySelector(tag)) loadPatiently(load).catch((error: unknown) => console.error(`<${tag}> did not load`, error));
}

/** A server that goes while a page is loading would otherwise leave it without its live parts until people reload. */
async function loadPatiently(load: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await load();
      return;
    } catch (error) {
      if (attempt === LoadAttempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, FirstRetryMs * 2 ** (attempt - 1)));
    }
  }
}
