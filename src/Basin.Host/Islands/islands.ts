// Each `Pages/*.island.ts` defines the custom element of its file's name, and is fetched only by pages that use it.
const modules = import.meta.glob("/src/**/Pages/*.island.ts");

for (const [path, load] of Object.entries(modules)) {
  const tag = path.slice(path.lastIndexOf("/") + 1, -".island.ts".length);
  if (document.querySelector(tag)) load().catch((error: unknown) => console.error(`<${tag}> did not load`, error));
}
