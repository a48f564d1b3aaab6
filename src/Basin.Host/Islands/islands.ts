// On a phone the console's navigation is one line that scrolls: the page people are on is in sight.
document.querySelector(".console-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Each `Pages/*.island.ts` defines the custom element of its file's name, and is fetched only by pages that use it.
const modules = import.meta.glob("/src/**/Pages/*.island.ts");

for (const [path, load] of Object.entries(modules)) {
  const tag = path.slice(path.lastIndexOf("/") + 1, -".island.ts".length);
  if (document.querySelector(tag)) load().catch((error: unknown) => console.error(`<${tag}> did not load`, error));
}
