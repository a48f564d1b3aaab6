export interface Edge {
  from: string;
  to: string;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface MapLayout {
  boxes: Map<string, Box>;
  /** An SVG path for each edge, in the order given; empty for one whose ends are unknown. */
  paths: string[];
  height: number;
  /** More systems than fit with their details. */
  compact: boolean;
}

const MostDetailed = 14;
const MostPerColumn = 7;
const LayerGap = 44;
const LeastGap = 24;
const MostGap = 132;
const MostGrowth = 1.25;
const Sizes = { detailed: { width: 140, height: 112, gap: 24 }, compact: { width: 138, height: 46, gap: 14 } };

/** Lays systems out in layers along their flows: from left to right where that fits, else from top to bottom. */
export function layOut(names: string[], edges: Edge[], width: number): MapLayout {
  const compact = names.length > MostDetailed;
  const size = compact ? Sizes.compact : Sizes.detailed;
  const known = edges.filter((edge) => edge.from !== edge.to && names.includes(edge.from) && names.includes(edge.to));
  const connected = names.filter((name) => known.some((edge) => edge.from === name || edge.to === name));
  const alone = names.filter((name) => !connected.includes(name));
  const layers = orderedLayers(connected, known);

  const columns = layers.flatMap((layer) => split(layer, MostPerColumn));
  const horizontal = columns.length * size.width + (columns.length - 1) * LeastGap <= width;
  const boxes = new Map<string, Box>();
  let bottom = horizontal
    ? placeColumns(columns, width, size, boxes)
    : placeRows(layers, width, size, LayerGap, 0, boxes);
  if (alone.length > 0) bottom = placeRows([alone], width, size, size.gap, bottom > 0 ? bottom + LayerGap : 0, boxes);
  return { boxes, paths: draw(edges, boxes, horizontal), height: bottom, compact };
}

/** Longest-path layers, without the edges that close a circle, ordered so that few flows cross. */
function orderedLayers(names: string[], edges: Edge[]): string[][] {
  const forward = withoutCircles(names, edges);
  const depth = new Map(names.map((name) => [name, 0]));
  for (let pass = 0; pass < names.length; pass++) {
    for (const { from, to } of forward) depth.set(to, Math.max(depth.get(to)!, depth.get(from)! + 1));
  }
  const layers: string[][] = [];
  for (const name of names) (layers[depth.get(name)!] ??= []).push(name);
  for (let index = 1; index < layers.length; index++) {
    const before = layers
      .slice(0, index)
      .flatMap((layer) => layer.map((name, at) => [name, at / layer.length] as const));
    const position = new Map(before);
    const weight = (name: string) => {
      const sources = forward.filter((edge) => edge.to === name).map((edge) => position.get(edge.from) ?? 0);
      return sources.reduce((sum, each) => sum + each, 0) / Math.max(1, sources.length);
    };
    layers[index]!.sort((a, b) => weight(a) - weight(b));
  }
  return layers;
}

function withoutCircles(names: string[], edges: Edge[]): Edge[] {
  const state = new Map<string, "open" | "done">();
  const kept: Edge[] = [];
  const visit = (name: string): void => {
    state.set(name, "open");
    for (const edge of edges.filter((each) => each.from === name)) {
      if (state.get(edge.to) === "open") continue;
      kept.push(edge);
      if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(name, "done");
  };
  const targets = new Set(edges.map((edge) => edge.to));
  const sourcesFirst = [...names].sort((a, b) => Number(targets.has(a)) - Number(targets.has(b)));
  for (const name of sourcesFirst) if (!state.has(name)) visit(name);
  return kept;
}

interface Size {
  width: number;
  height: number;
  gap: number;
}

function placeColumns(columns: string[][], width: number, least: Size, boxes: Map<string, Box>): number {
  const widest = (width - (columns.length - 1) * LayerGap) / Math.max(1, columns.length);
  const size = { ...least, width: Math.min(least.width * MostGrowth, Math.max(least.width, widest)) };
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  const height = tallest * (size.height + size.gap) - size.gap;
  const gap = columns.length < 2 ? 0 : Math.min(MostGap, (width - columns.length * size.width) / (columns.length - 1));
  const left = (width - columns.length * size.width - (columns.length - 1) * gap) / 2;
  columns.forEach((column, at) => {
    const top = (height - (column.length * (size.height + size.gap) - size.gap)) / 2;
    column.forEach((name, row) =>
      boxes.set(name, { ...size, x: left + at * (size.width + gap), y: top + row * (size.height + size.gap) }),
    );
  });
  return Math.max(0, height);
}

function placeRows(
  layers: string[][],
  width: number,
  size: Size,
  layerGap: number,
  top: number,
  boxes: Map<string, Box>,
): number {
  const perRow = Math.max(1, Math.floor((width + size.gap) / (size.width + size.gap)));
  let y = top;
  for (const layer of layers) {
    const evenly = Math.ceil(layer.length / Math.ceil(layer.length / perRow));
    for (const row of split(layer, evenly)) {
      const left = (width - row.length * (size.width + size.gap) + size.gap) / 2;
      row.forEach((name, at) => boxes.set(name, { ...size, x: left + at * (size.width + size.gap), y }));
      y += size.height + size.gap;
    }
    y += layerGap - size.gap;
  }
  return y - layerGap;
}

/** Curves between facing sides. The ends on one side are spread over it, in the order of where they lead. */
function draw(edges: Edge[], boxes: Map<string, Box>, horizontal: boolean): string[] {
  const along = (box: Box) => (horizontal ? box.y + box.height / 2 : box.x + box.width / 2);
  const across = (box: Box) => (horizontal ? box.x : box.y);
  const ends = new Map<string, { edge: number; towards: number }[]>();
  const sideOf = (name: string, other: Box, box: Box) => `${name}${across(other) >= across(box) ? ">" : "<"}`;
  edges.forEach(({ from, to }, edge) => {
    const [a, b] = [boxes.get(from), boxes.get(to)];
    if (!a || !b) return;
    for (const [name, box, other] of [
      [from, a, b],
      [to, b, a],
    ] as const) {
      const side = sideOf(name, other, box);
      ends.set(side, [...(ends.get(side) ?? []), { edge, towards: along(other) }]);
    }
  });
  for (const side of ends.values()) side.sort((a, b) => a.towards - b.towards || a.edge - b.edge);

  const end = (name: string, box: Box, other: Box, edge: number): [number, number] => {
    const side = ends.get(sideOf(name, other, box))!;
    const share = (side.findIndex((each) => each.edge === edge) + 1) / (side.length + 1);
    const far = across(other) >= across(box);
    if (horizontal) return [box.x + (far ? box.width : 0), box.y + box.height * (0.15 + 0.7 * share)];
    return [box.x + box.width * (0.15 + 0.7 * share), box.y + (far ? box.height : 0)];
  };
  return edges.map(({ from, to }, edge) => {
    const [a, b] = [boxes.get(from), boxes.get(to)];
    if (!a || !b || a === b) return "";
    const [x1, y1] = end(from, a, b, edge);
    const [x2, y2] = end(to, b, a, edge);
    const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
    const bend = horizontal ? [mx, y1, mx, y2] : [x1, my, x2, my];
    return `M${x1.toFixed(1)} ${y1.toFixed(1)}C${bend.map((each) => each.toFixed(1)).join(" ")} ${x2.toFixed(1)} ${y2.toFixed(1)}`;
  });
}

function split<T>(items: T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
