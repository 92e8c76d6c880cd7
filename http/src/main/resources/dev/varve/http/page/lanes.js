// A tree as rows with lanes, as tools for version control draw it: a long chain goes straight down,
// and only what branches off takes another lane.

/**
 * @param nodes things with `id` and `parent` (null for a root); parents may be missing
 * @param current the id of the node to which the first lane goes
 * @returns rows { node, lane, depth, root, branches (it begins a lane), ends (nothing is below it) }
 */
export function lanes(nodes, current) {
  const byId = new Map(nodes.map((each) => [each.id, each]));
  const children = new Map();
  const roots = [];
  for (const node of nodes) {
    if (node.parent === null || !byId.has(node.parent)) roots.push(node);
    else children.set(node.parent, [...(children.get(node.parent) ?? []), node]);
  }
  const main = pathTo(current, byId);
  const rows = [];
  const open = roots.map((node) => ({ node, lane: 0, branches: false, depth: 1 })).reverse();
  while (open.length > 0) {
    const row = open.pop();
    const below = children.get(row.node.id) ?? [];
    rows.push({ ...row, root: row.depth === 1, ends: below.length === 0 });
    const onward = below.find((each) => main.has(each.id)) ?? below.at(-1);
    const next = (node) => ({ node, lane: row.lane + (node === onward ? 0 : 1), branches: node !== onward, depth: row.depth + 1 });
    if (onward) open.push(next(onward)); // last, below all branches
    for (const node of below.filter((each) => each !== onward).reverse()) open.push(next(node));
  }
  return rows;
}

function pathTo(id, byId) {
  const path = new Set();
  for (let at = byId.get(id); at && !path.has(at.id); at = byId.get(at.parent)) path.add(at.id);
  return path;
}
